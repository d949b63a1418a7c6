// startEsmtpServer: AUTH with each mechanism, from both sides of right and wrong.
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import type { EsmtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { base64, greeted, identity, type RawClient, trusting } from "./raw-client.ts";

const GOOD = "235 2.7.0 Logged in.";
const BAD = "535 5.7.8 That is not right.";
const users = { ann: "secret", "b,o=b": "pässword" };
const SOH = "\u0001";

function decoded(reply: string): string {
  expect(reply).toMatch(/^334 /);
  return Buffer.from(reply.slice(4), "base64").toString();
}

describe("PLAIN and LOGIN", () => {
  test.each([
    [["AUTH PLAIN", base64("\0ann\0secret")], GOOD],
    [[`AUTH PLAIN ${base64("\0ann\0secret")}`], GOOD],
    [[`auth plain ${base64("ann\0ann\0secret")}`], GOOD],
    [[`AUTH PLAIN ${base64("\0b,o=b\0pässword")}`], GOOD],
    [[`AUTH PLAIN ${base64("bob\0ann\0secret")}`], BAD],
    [[`AUTH PLAIN ${base64("\0ann\0wrong")}`], BAD],
    [[`AUTH PLAIN ${base64("\0toString\0secret")}`], BAD],
    [["AUTH LOGIN", base64("ann"), base64("secret")], GOOD],
    [[`AUTH LOGIN ${base64("ann")}`, base64("secret")], GOOD],
    [["AUTH LOGIN", base64("ann"), base64("wrong")], BAD],
    [["AUTH LOGIN", base64("ann"), ""], BAD],
    [["AUTH PLAIN", "*"], "501 5.7.0 Given up."],
  ])("answers %j with %j", async (lines, reply) => {
    await using fixture = await greeted({ users });
    const { client, server } = fixture;
    expect((await client.commands(...lines)).at(-1)).toBe(reply);
    expect(server.violations).toEqual([]);
    expect(server.commands).toEqual(["EHLO a.example", ...lines]);
    expect(server.sessions[0]?.user !== undefined).toBe(reply === GOOD);
  });

  test("ask for what is missing", async () => {
    await using fixture = await greeted({ users });
    const { client } = fixture;
    expect(await client.command("AUTH PLAIN")).toBe("334 ");
    await client.command("*");
    expect(decoded(await client.command("AUTH LOGIN"))).toBe("Username:");
    expect(decoded(await client.command(base64("ann")))).toBe("Password:");
  });
});

describe("AUTH", () => {
  test.each([
    ["AUTH", "501"],
    ["AUTH PLAIN a b", "501"],
    ["AUTH PLAIN !", "501"],
    ["AUTH PLAIN abc", "501"],
    ["AUTH PLAIN =", "501"],
    [`AUTH PLAIN ${base64("ann\0secret")}`, "501"],
    ["AUTH KERBEROS_V4", "504"],
    ["AUTH EXTERNAL =", "504"],
    [`AUTH CRAM-MD5 ${base64("ann")}`, "501"],
    [`AUTH XOAUTH2 ${base64("user=ann")}`, "501"],
    [`AUTH OAUTHBEARER ${base64(`y,,${SOH}auth=Bearer x${SOH}${SOH}`)}`, "501"],
    [`AUTH SCRAM-SHA-256 ${base64("n,,r=abc,n=ann")}`, "501"],
    [`AUTH PLAIN ${"A".repeat(12_276)}`, "500"],
  ])("takes %.40j for a mistake", async (line, code) => {
    await using fixture = await greeted({ users });
    const { client, server } = fixture;
    expect((await client.command(line)).slice(0, 3)).toBe(code);
    expect(server.violations).toHaveLength(1);
  });

  test("comes once, and not in a transaction, but before MAIL where it has to", async () => {
    await using fixture = await greeted({ users, requireAuth: true });
    const { client, server } = fixture;
    const auth = `AUTH PLAIN ${base64("\0ann\0secret")}`;
    expect(await client.command("MAIL FROM:<>")).toBe("530 5.7.0 AUTH comes first.");
    expect(await client.command(auth)).toBe(GOOD);
    expect(await client.command(auth)).toMatch(/^503 /);
    expect(await client.mail("\r\n", "ann@example.org")).toMatch(/^250 /);
    expect(server.received).toMatchObject([{ user: "ann" }]);
    await using free = await greeted({ users });
    await free.client.command("MAIL FROM:<>");
    expect(await free.client.command(auth)).toMatch(/^503 /);
    expect(free.server.violations).toEqual(["AUTH: There is a transaction."]);
  });

  test("takes responses of 12,288 octets and no longer ones", async () => {
    await using fixture = await greeted({ users });
    const { client, server } = fixture;
    await client.command("AUTH LOGIN");
    expect(await client.command("A".repeat(12_284))).toMatch(/^334 /);
    expect(await client.command("A".repeat(12_288))).toMatch(/^500 5\.5\.6 /);
    expect(server.violations).toEqual(["SASL: The line is too long."]);
  });
});

describe("CRAM-MD5", () => {
  test.each([
    ["secret", GOOD],
    ["wrong", BAD],
  ])("with the password %j gets %j", async (password, reply) => {
    await using fixture = await greeted({ users });
    const { client } = fixture;
    const challenge = decoded(await client.command("AUTH CRAM-MD5"));
    expect(challenge).toMatch(/^<.+@.+>$/);
    const digest = createHmac("md5", password).update(challenge).digest("hex");
    expect(await client.command(base64(`ann ${digest}`))).toBe(reply);
  });
});

describe("tokens", () => {
  test.each([
    ["XOAUTH2", `user=ann${SOH}auth=Bearer tok${SOH}${SOH}`, ""],
    ["OAUTHBEARER", `n,a=ann,${SOH}host=a${SOH}port=25${SOH}auth=Bearer tok${SOH}${SOH}`, SOH],
    ["OAUTHBEARER", `n,,${SOH}auth=Bearer tok${SOH}${SOH}`, SOH],
  ])("log in with %s, and are refused in two steps", async (name, response, acknowledgement) => {
    await using fixture = await greeted({ tokens: { ann: "tok" } });
    const { client, server } = fixture;
    const wrong = base64(response.replace("Bearer tok", "Bearer other"));
    expect(decoded(await client.command(`AUTH ${name} ${wrong}`))).toContain("invalid_token");
    expect(await client.command(base64(acknowledgement))).toBe(BAD);
    await client.command(`AUTH ${name} ${wrong}`);
    expect(await client.command(base64("what?"))).toMatch(/^501 /);
    expect(server.violations).toHaveLength(1);
    expect(await client.commands(`AUTH ${name}`, base64(response))).toEqual(["334 ", GOOD]);
    expect(server.sessions[0]?.user).toBe("ann");
  });
});

describe("EXTERNAL", () => {
  test.each([
    ["=", GOOD],
    [base64("ann"), GOOD],
    [base64("bob"), BAD],
  ])("with the response %j gets %j", async (response, reply) => {
    await using fixture = await greeted({ external: "ann" });
    expect(await fixture.client.command(`AUTH EXTERNAL ${response}`)).toBe(reply);
  });
});

interface ScramClient {
  readonly hash?: "sha1" | "sha256";
  readonly name?: string;
  readonly user?: string;
  readonly password?: string;
  readonly header?: string;
  /** Of the TLS connection. */
  readonly data?: Buffer;
  /** In the final message. */
  readonly nonce?: (nonce: string) => string;
}

/** RFC 5802 as its client; gives the last reply. */
async function scram(client: RawClient, options: ScramClient): Promise<string> {
  const { hash = "sha256", user = "ann", password = "secret", header = "n,,", data, nonce } = options;
  const { name = hash === "sha1" ? "SCRAM-SHA-1" : "SCRAM-SHA-256" } = options;
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const bare = `n=${user},r=clientnonce`;
  const first = decoded(await client.command(`AUTH ${name} ${base64(`${header}${bare}`)}`));
  if (first.startsWith("e=")) return `${first} ${await client.command("")}`;
  const [, serverNonce = "", salt = "", iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(first) ?? [];
  expect(serverNonce).toMatch(/^clientnonce.{8,}/);
  expect(iterations).toBe("4096");
  const bound = Buffer.concat([Buffer.from(header), data ?? Buffer.alloc(0)]).toString("base64");
  const unproven = `c=${bound},r=${nonce?.(serverNonce) ?? serverNonce}`;
  const size = hash === "sha1" ? 20 : 32;
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), 4096, size, hash);
  const key = hmac(salted, "Client Key");
  const message = `${bare},${first},${unproven}`;
  const signature = hmac(createHash(hash).update(key).digest(), message);
  const proof = Buffer.from(key.map((byte, at) => byte ^ (signature[at] ?? 0))).toString("base64");
  const reply = await client.command(base64(`${unproven},p=${proof}`));
  if (!reply.startsWith("334")) return reply;
  const final = decoded(reply);
  if (final.startsWith("e=")) return `${final} ${await client.command("")}`;
  expect(final).toBe(`v=${hmac(hmac(salted, "Server Key"), message).toString("base64")}`);
  return client.command("");
}

describe("SCRAM", () => {
  test.each<[ScramClient, string]>([
    [{}, GOOD],
    [{ hash: "sha1" }, GOOD],
    [{ user: "b=2Co=3Db", password: "pässword" }, GOOD],
    [{ header: "n,a=ann," }, GOOD],
    [{ header: "n,a=bob," }, `e=other-error ${BAD}`],
    [{ header: "y,," }, GOOD],
    [{ header: "p=tls-exporter,," }, `e=channel-binding-not-supported ${BAD}`],
    [{ password: "wrong" }, `e=invalid-proof ${BAD}`],
    [{ user: "nobody" }, `e=invalid-proof ${BAD}`],
    [{ data: Buffer.from("x") }, `e=channel-bindings-dont-match ${BAD}`],
  ])("answers %j with %j", async (options, reply) => {
    await using fixture = await greeted({ users });
    expect(await scram(fixture.client, options)).toBe(reply);
    expect(fixture.server.violations).toEqual([]);
  });

  test("takes another nonce for a mistake", async () => {
    await using fixture = await greeted({ users });
    const { client, server } = fixture;
    expect(await scram(client, { nonce: (nonce) => `${nonce}x` })).toMatch(/^501 /);
    expect(server.violations).toHaveLength(1);
  });

  test("binds to the TLS connection with -PLUS, and sees who was kept from it", async () => {
    const options: EsmtpServerOptions = { users, tls: identity, tlsMode: "implicit" };
    await using fixture = await greeted(options, trusting);
    const { client } = fixture;
    const { tls } = client.connection;
    const exported = tls?.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
    const name = "SCRAM-SHA-256-PLUS";
    const header = "p=tls-exporter,,";
    const wrong = Buffer.alloc(32);
    expect(await scram(client, { name, header, data: wrong })).toMatch(/^e=channel-bindings-dont-match/);
    expect(await scram(client, { name, header: "p=tls-unique,," })).toMatch(/^e=unsupported/);
    expect(await scram(client, { header: "y,," })).toMatch(/^e=server-does-support-channel-binding/);
    if (exported === undefined) throw new Error("there is no TLS");
    expect(await scram(client, { name, header, data: exported })).toBe(GOOD);
    await using other = await greeted(options, trusting);
    const certificate = other.client.connection.tls?.getPeerCertificate().raw ?? Buffer.alloc(0);
    const data = createHash("sha256").update(certificate).digest();
    const plus = {
      name: "SCRAM-SHA-1-PLUS",
      hash: "sha1",
      header: "p=tls-server-end-point,,",
      data,
    } as const;
    expect(await scram(other.client, plus)).toBe(GOOD);
  });
});
