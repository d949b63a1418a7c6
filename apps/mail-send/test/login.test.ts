// Logging in, and TLS: where secrets come from, where they go, and that they are never shown.
import { writeFile } from "node:fs/promises";
import { createAuthority, tempDir } from "@netcli/test-kit";
import { type SmtpServer, startEsmtpServer, startSmtpServer } from "@netcli/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, toBob } from "./program.ts";

const password = "correct horse";
const authority = createAuthority();
const users = { ada: password, bob: "b" };
let server: SmtpServer;

beforeAll(async () => {
  server = await startSmtpServer({ users, requireAuth: true });
});

afterAll(() => server.close());

/** The URL with a user in it. */
function asAda(url: string, secret = ""): string {
  return url.replace("//", `//ada${secret}@`);
}

function newest({ received }: SmtpServer): string | undefined {
  return received.at(-1)?.user;
}

describe("mail-send with a user", { timeout: 30_000 }, () => {
  test.each([
    ["MAIL_SEND_PASSWORD", "", { MAIL_SEND_PASSWORD: password }],
    ["the URL", `:${encodeURIComponent(password)}`, { MAIL_SEND_PASSWORD: "another one" }],
  ])("takes the password from %s and never shows it", async (_where, secret, env) => {
    const args = ["--verbose", ...toBob(asAda(server.url, secret))];
    const { code, stdout, stderr } = await run(args, { env });
    expect(code).toBe(0);
    expect(newest(server)).toBe("ada");
    expect(stderr).toMatch(/^C: AUTH \S+ \*\*\*\*$/m);
    expect(stdout + stderr).not.toContain("horse");
    expect(stdout + stderr).not.toContain(Buffer.from(`\0ada\0${password}`).toString("base64"));
  });

  test("takes a token from MAIL_SEND_TOKEN and never shows it", async () => {
    await using bearer = await startEsmtpServer({
      users: { ada: "a", bob: "b" },
      tokens: { ada: "secret-token" },
      requireAuth: true,
    });
    const args = ["--verbose", ...toBob(asAda(bearer.url))];
    const { code, stdout, stderr } = await run(args, { env: { MAIL_SEND_TOKEN: "secret-token" } });
    expect(code).toBe(0);
    expect(bearer.received[0]?.user).toBe("ada");
    expect(bearer.commands.some((line) => /^AUTH (?:OAUTHBEARER|XOAUTH2) /.test(line))).toBe(true);
    expect(stdout + stderr).not.toMatch(/secret|C: AUTH \S+ [^*]/);
  });

  test("shows neither password nor token to a server for which the URL names no user", async () => {
    await using open = await startSmtpServer({ users });
    const env = { MAIL_SEND_PASSWORD: password, MAIL_SEND_TOKEN: "secret-token" };
    const { code, stderr } = await run(["--verbose", ...toBob(open.url)], { env });
    expect(code).toBe(0);
    expect(stderr).not.toContain("AUTH PLAIN *");
    expect(newest(open)).toBeUndefined();
  });

  test("ends with 4 when the password is wrong, and does not show it either", async () => {
    const args = ["--verbose", ...toBob(asAda(server.url))];
    const { code, stdout, stderr } = await run(args, { env: { MAIL_SEND_PASSWORD: "wrong secret" } });
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toMatch(/^mail-send: cannot log in to 127\.0\.0\.1: .+$/m);
    expect(stderr).not.toContain("secret");
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("ends with 4 when there is neither a password nor a terminal, without connecting", async () => {
    const { code, stderr } = await run(["--verbose", ...toBob(asAda(server.url))]);
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: "mail-send: a password is needed: set MAIL_SEND_PASSWORD\n",
    });
  });

  test("ends with 4 when the server lets nobody log in", async () => {
    await using open = await startSmtpServer();
    const { code, stderr } = await run(toBob(asAda(open.url)), { env: { MAIL_SEND_PASSWORD: password } });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^mail-send: .+\n$/);
    expect(open.received).toEqual([]);
  });

  test("ends with 75 when nobody can log in just now", async () => {
    await using busy = await startEsmtpServer({
      users,
      reply: (verb) => (verb === "AUTH" ? "454 4.7.0 Ask again later" : undefined),
    });
    const { code, stderr } = await run(toBob(asAda(busy.url)), { env: { MAIL_SEND_PASSWORD: password } });
    expect(code).toBe(75);
    expect(stderr).toBe("mail-send: cannot log in to 127.0.0.1: Ask again later\n");
  });

  test("ends with 3 and sends no password when TLS is wanted and the server has none", async () => {
    const args = ["--verbose", "--tls", "starttls", ...toBob(asAda(server.url))];
    const { code, stderr } = await run(args, { env: { MAIL_SEND_PASSWORD: password } });
    expect(code).toBe(3);
    expect(stderr).toContain("offers no STARTTLS");
    expect(stderr).not.toContain("C: AUTH");
  });
});

describe("mail-send over TLS", { timeout: 30_000 }, () => {
  const env = { MAIL_SEND_PASSWORD: password };

  test.each([["starttls"], ["implicit"]] as const)(
    "takes a certificate with --ca or --insecure only: %s",
    async (tlsMode) => {
      await using folder = await tempDir();
      const ca = folder.file("ca.pem");
      await writeFile(ca, authority.certificate);
      await using secured = await startSmtpServer({ users, tls: authority.issue(), tlsMode });
      const args = [...toBob(asAda(secured.url)), "--tls", tlsMode];
      const untrusted = await run(["--verbose", ...args], { env });
      expect(untrusted.code).toBe(3);
      expect(untrusted.stderr).toMatch(/^mail-send: .*can't be verified.*$/m);
      expect(untrusted.stderr).not.toContain("C: AUTH");
      expect((await run([...args, "--ca", ca], { env })).code).toBe(0);
      expect((await run([...args, "--insecure"], { env })).code).toBe(0);
      expect(secured.received.map(({ isSecure }) => isSecure)).toEqual([true, true]);
    },
  );

  test("takes TLS from the first byte where the URL says smtps", async () => {
    await using secured = await startSmtpServer({ users, tls: authority.issue(), tlsMode: "implicit" });
    expect(secured.url).toMatch(/^smtps:/);
    expect((await run([...toBob(asAda(secured.url)), "--insecure"], { env })).code).toBe(0);
    expect(secured.received[0]?.isSecure).toBe(true);
  });

  test("tells the server with --require-tls that others need it, too", async () => {
    await using secured = await startSmtpServer({ tls: authority.issue() });
    const args = [...toBob(secured.url), "--require-tls", "--insecure", "--tls", "starttls"];
    expect((await run(args)).code).toBe(0);
    expect(secured.received[0]?.from.params).toHaveProperty("REQUIRETLS");
    await using open = await startSmtpServer();
    const { code, stderr } = await run([...toBob(open.url), "--require-tls"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mail-send: .+; nothing was sent\n$/);
    expect(open.received).toEqual([]);
  });

  test("ends with 6 when there is no such file as --ca names", async () => {
    const { code, stderr } = await run([...toBob(server.url), "--ca", "missing.pem"]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/^mail-send: cannot read --ca: ENOENT.*\n$/);
  });
});
