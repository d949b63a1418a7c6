// startPop3Server: AUTH (RFC 5034). What the mechanisms do is tested with startEsmtpServer.
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64, greeted, identity, loggedIn, RawClient, trusting } from "./raw-client.ts";

const GOOD = "+OK 3 messages (70 octets)";
const BAD = "-ERR [AUTH] That is not right.";
const SOH = "\u0001";

describe("AUTH", () => {
  test.each([
    [["AUTH PLAIN", base64("\0ann\0secret")], GOOD],
    [[`auth plain ${base64("\0ann\0secret")}`], GOOD],
    [[`AUTH PLAIN ${base64("\0ann\0wrong")}`], BAD],
    [["AUTH LOGIN", base64("ann"), base64("secret")], GOOD],
    [["AUTH EXTERNAL ="], GOOD],
    [["AUTH EXTERNAL", base64("bob")], BAD],
    [["AUTH ANONYMOUS", base64("me@a.example")], GOOD],
    [["AUTH ANONYMOUS ="], GOOD],
    [[`AUTH XOAUTH2 ${xoauth2("tok")}`], GOOD],
    [[`AUTH OAUTHBEARER ${base64(`n,a=ann,${SOH}auth=Bearer tok${SOH}${SOH}`)}`], GOOD],
    [[`AUTH XOAUTH2 ${xoauth2("no")}`, ""], BAD],
    [["AUTH PLAIN", "*"], "-ERR Given up."],
  ])("answers %j with %j", async (lines, reply) => {
    await using fixture = await greeted({ tokens: { ann: "tok" }, external: "ann", anonymous: "ann" });
    const { client, server } = fixture;
    expect((await client.commands(...lines)).at(-1)).toBe(reply);
    expect(server.violations).toEqual([]);
    expect(server.commands).toEqual(lines);
    expect(server.sessions[0]?.state).toBe(reply === GOOD ? "TRANSACTION" : "AUTHORIZATION");
  });

  test.each([
    ["AUTH PLAIN a b", "That is not AUTH mechanism, or AUTH mechanism response."],
    ["AUTH PLAIN !", "That is not base64."],
    ["AUTH PLAIN =", "PLAIN has three fields."],
    ["AUTH KERBEROS_V4", "That mechanism was not offered."],
    ["AUTH EXTERNAL =", "That mechanism was not offered."],
    ["AUTH ANONYMOUS =", "That mechanism was not offered."],
    [`AUTH CRAM-MD5 ${base64("ann")}`, "CRAM-MD5 has no initial response."],
    [`AUTH PLAIN ${"A".repeat(244)}`, "The line is too long."],
  ])("takes %.40j for a mistake", async (line, violation) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(await client.command(line)).toBe(`-ERR ${violation}`);
    expect(server.violations).toEqual([`AUTH: ${violation}`]);
  });

  test.each([
    // With the line end 255 octets, and 259.
    [157, GOOD],
    [160, "-ERR The line is too long."],
  ])("with a token of %d octets in its line gets %j", async (length, reply) => {
    const token = "t".repeat(length);
    await using fixture = await greeted({ tokens: { ann: token } });
    expect(await fixture.client.command(`AUTH XOAUTH2 ${xoauth2(token)}`)).toBe(reply);
  });

  test("takes longer responses behind a challenge", async () => {
    const token = "t".repeat(4_000);
    await using fixture = await greeted({ tokens: { ann: token } });
    expect(await fixture.client.commands("AUTH XOAUTH2", xoauth2(token))).toEqual(["+ ", GOOD]);
    expect(fixture.server.violations).toEqual([]);
  });

  test("finds the maildrop in use", async () => {
    await using fixture = await loggedIn({ lock: true });
    await using other = await RawClient.open(fixture.server);
    expect(await other.command(`AUTH PLAIN ${base64("\0ann\0secret")}`)).toBe(
      "-ERR [IN-USE] The maildrop is open elsewhere.",
    );
    expect(fixture.server.sessions[1]?.state).toBe("AUTHORIZATION");
  });

  test("with CRAM-MD5 has the password proven", async () => {
    await using fixture = await greeted();
    const { client } = fixture;
    for (const [password, reply] of [
      ["wrong", BAD],
      ["secret", GOOD],
    ] as const) {
      const challenge = decoded(await client.command("AUTH CRAM-MD5"));
      const digest = createHmac("md5", password).update(challenge).digest("hex");
      expect(await client.command(base64(`ann ${digest}`))).toBe(reply);
    }
  });

  test.each([
    ["SCRAM-SHA-1", "sha1", "secret", GOOD],
    ["SCRAM-SHA-256", "sha256", "secret", GOOD],
    ["SCRAM-SHA-256", "sha256", "wrong", BAD],
    ["SCRAM-SHA-1-PLUS", "sha1", "secret", GOOD],
    ["SCRAM-SHA-256-PLUS", "sha256", "secret", GOOD],
  ] as const)("with %s (%s) and %j gets %j", async (name, hash, password, reply) => {
    await using fixture = await greeted({ tls: identity, tlsMode: "implicit" }, trusting);
    expect(await scram(fixture.client, name, hash, password)).toBe(reply);
    expect(fixture.server.violations).toEqual([]);
  });
});

test("a client that leaves in the middle of AUTH is no error", async () => {
  await using fixture = await greeted();
  await fixture.client.command("AUTH PLAIN");
  fixture.client.connection.end();
  await fixture.server.sessions[0]?.ended;
  expect(fixture.server.errors).toEqual([]);
});

function xoauth2(token: string): string {
  return base64(`user=ann${SOH}auth=Bearer ${token}${SOH}${SOH}`);
}

function decoded(challenge: string): string {
  expect(challenge).toMatch(/^\+ /);
  return Buffer.from(challenge.slice(2), "base64").toString();
}

/** RFC 5802 as its client; gives the last reply. */
async function scram(
  client: RawClient,
  name: string,
  hash: "sha1" | "sha256",
  password: string,
): Promise<string> {
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const isPlus = name.endsWith("-PLUS");
  const header = isPlus ? "p=tls-exporter,," : "n,,";
  const exported = client.connection.tls?.exportKeyingMaterial(
    32,
    "EXPORTER-Channel-Binding",
    Buffer.alloc(0),
  );
  const data = isPlus && exported !== undefined ? exported : Buffer.alloc(0);
  const bare = "n=ann,r=clientnonce";
  const first = decoded(await client.command(`AUTH ${name} ${base64(`${header}${bare}`)}`));
  const [, nonce = "", salt = "", count = ""] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(first) ?? [];
  const unproven = `c=${Buffer.concat([Buffer.from(header), data]).toString("base64")},r=${nonce}`;
  const size = hash === "sha1" ? 20 : 32;
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), Number(count), size, hash);
  const key = hmac(salted, "Client Key");
  const message = `${bare},${first},${unproven}`;
  const signature = hmac(createHash(hash).update(key).digest(), message);
  const proof = Buffer.from(key.map((byte, at) => byte ^ (signature[at] ?? 0))).toString("base64");
  const final = decoded(await client.command(base64(`${unproven},p=${proof}`)));
  const verifier = hmac(hmac(salted, "Server Key"), message).toString("base64");
  expect(final).toBe(password === "secret" ? `v=${verifier}` : "e=invalid-proof");
  return client.command("");
}
