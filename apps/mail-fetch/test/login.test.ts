// Logging in, and TLS: where secrets come from, where they go, and that they are never shown.
import { writeFile } from "node:fs/promises";
import { createAuthority, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { serverWith, urlOf } from "./maildrop.ts";
import { run } from "./program.ts";

const password = "correct horse";
const users = { tester: password };
const authority = createAuthority();

describe("mail-fetch", { timeout: 30_000 }, () => {
  test.each([
    ["MAIL_FETCH_PASSWORD", "", { MAIL_FETCH_PASSWORD: password }, undefined],
    ["the URL", `:${encodeURIComponent(password)}`, { MAIL_FETCH_PASSWORD: "another one" }, undefined],
    ["MAIL_FETCH_PASSWORD, to an old server", "", { MAIL_FETCH_PASSWORD: password }, { noCapa: true }],
  ])("takes the password from %s and never shows it", async (_where, secret, env, quirks) => {
    await using server = await serverWith(["a: b\r\n"], { users, quirks });
    const url = urlOf(server).replace("@", `${secret}@`);
    const { code, stdout, stderr } = await run(["--verbose", url], { env });
    expect(code).toBe(0);
    expect(stdout).toContain("a: b\n");
    expect(stderr).toMatch(/^C: (?:AUTH \S+|PASS) \*\*\*\*$/m);
    expect(stderr).toMatch(/^S: \+OK/m);
    expect(stdout + stderr).not.toMatch(/horse|another/);
    expect(stdout + stderr).not.toContain(Buffer.from(`\0tester\0${password}`).toString("base64"));
  });

  test("takes a token from MAIL_FETCH_TOKEN and never shows it", async () => {
    await using server = await serverWith(["a: b\r\n"], { users, tokens: { tester: "sesame-token" } });
    const env = { MAIL_FETCH_TOKEN: "sesame-token", MAIL_FETCH_PASSWORD: undefined };
    const { code, stdout, stderr } = await run(["--verbose", urlOf(server)], { env });
    expect(code).toBe(0);
    expect(server.commands.some((line) => /^AUTH (?:OAUTHBEARER|XOAUTH2)/.test(line))).toBe(true);
    expect(stdout + stderr).not.toContain("sesame");
    expect(stdout + stderr).not.toContain(Buffer.from("sesame-token").toString("base64").slice(0, 12));
  });

  test("ends with 4 when the password is wrong, and does not show it either", async () => {
    await using server = await serverWith(["a: b\r\n"], { users });
    const env = { MAIL_FETCH_PASSWORD: "wrong sesame" };
    const { code, stdout, stderr } = await run(["--verbose", urlOf(server)], { env });
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toMatch(/^mail-fetch: cannot log in to 127\.0\.0\.1: .+$/m);
    expect(stderr).not.toContain("sesame");
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("ends with 4 when there is neither a password nor a terminal, without connecting", async () => {
    await using server = await serverWith([]);
    const { code, stderr } = await run([urlOf(server)], { env: { MAIL_FETCH_PASSWORD: undefined } });
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: "mail-fetch: a password is needed: set MAIL_FETCH_PASSWORD\n",
    });
    expect(server.sessions).toEqual([]);
  });

  test.each([["[IN-USE] Somebody is there"], ["[LOGIN-DELAY] Too early"], ["[SYS/TEMP] Not now"]])(
    "ends with 75 when nobody can log in just now: %s",
    async (text) => {
      await using server = await serverWith([], {
        reply: (verb) => (verb === "AUTH" || verb === "PASS" ? `-ERR ${text}` : undefined),
      });
      const { code, stderr } = await run([urlOf(server)]);
      expect(code).toBe(75);
      expect(stderr).toMatch(/^mail-fetch: cannot log in to 127\.0\.0\.1: .+\n$/);
    },
  );

  test("ends with 3 and sends no password when TLS is wanted and the server has none", async () => {
    await using server = await serverWith([]);
    const { code, stderr } = await run(["--verbose", "--tls", "starttls", urlOf(server)]);
    expect(code).toBe(3);
    expect(stderr).toContain("refuses STLS");
    expect(stderr).not.toMatch(/C: (?:AUTH|USER|PASS)/);
  });
});

describe("mail-fetch over TLS", { timeout: 30_000 }, () => {
  test.each([["starttls"], ["implicit"]] as const)(
    "takes a certificate with --ca or --insecure only: %s",
    async (tlsMode) => {
      await using folder = await tempDir();
      const ca = folder.file("ca.pem");
      await writeFile(ca, authority.certificate);
      await using server = await serverWith(["a: b\r\n"], { tls: authority.issue(), tlsMode });
      const args = ["--tls", tlsMode, urlOf(server)];
      const untrusted = await run(["--verbose", ...args]);
      expect(untrusted.code).toBe(3);
      expect(untrusted.stderr).toMatch(/^mail-fetch: .*can't be verified.*$/m);
      expect(untrusted.stderr).not.toMatch(/C: (?:AUTH|USER|PASS)/);
      expect((await run(["--ca", ca, ...args])).code).toBe(0);
      expect((await run(["--insecure", ...args])).code).toBe(0);
      expect(server.sessions.slice(-2).map(({ isSecure }) => isSecure)).toEqual([true, true]);
    },
  );

  test("takes TLS from the first byte where the URL says pop3s", async () => {
    await using server = await serverWith(["a: b\r\n"], { tls: authority.issue(), tlsMode: "implicit" });
    expect(server.url).toMatch(/^pop3s:/);
    expect((await run(["--insecure", urlOf(server)])).code).toBe(0);
    expect(server.sessions[0]?.isSecure).toBe(true);
  });

  test("ends with 6 when there is no such file as --ca names", async () => {
    const { code, stderr } = await run(["--ca", "missing.pem", "pop3://ada@mail.invalid"]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/^mail-fetch: cannot read --ca: ENOENT.*\n$/);
  });
});
