// OAuth 2.0 tokens: what is sent of them, and how servers refuse them.
import { ArgumentError, ProtocolError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { type BearerOptions, type Mechanism, oauthBearer, xoauth2 } from "../src/index.ts";
import { begin, respond } from "./conversation.ts";

const ways: [string, (options: BearerOptions) => Mechanism, string][] = [
  ["OAUTHBEARER", oauthBearer, "\u0001"],
  ["XOAUTH2", xoauth2, ""],
];
const account = { user: "me@example.com", token: "ya29.secret-token_~+/==" };

it("OAUTHBEARER says only what it was told", async () => {
  expect(await begin(oauthBearer({ token: "t" }))).toBe("n,,\u0001auth=Bearer t\u0001\u0001");
  const named = oauthBearer({ user: "a=b,c", token: "t", host: "h" });
  expect(await begin(named)).toBe("n,a=a=3Db=2Cc,\u0001host=h\u0001auth=Bearer t\u0001\u0001");
});

it("XOAUTH2 needs a user", async () => {
  for (const options of [{ token: "t" }, { token: "t", user: "" }]) {
    const error = await failureOf(begin(xoauth2(options)));
    expect(error).toMatchObject({ message: "XOAUTH2 needs a user; nothing was sent" });
  }
});

describe.each(ways)("%s", (name, mechanismOf, dummy) => {
  it("says what it is", () => {
    const mechanism = mechanismOf(account);
    expect(mechanism).toMatchObject({ name, strength: "plaintext", isPlaintextEquivalent: true });
  });

  it("asks for a new token each time", async () => {
    let count = 0;
    const mechanism = mechanismOf({ ...account, token: async () => `token-${(count += 1)}` });
    expect(await begin(mechanism)).toContain("Bearer token-1\u0001");
    expect(await begin(mechanism)).toContain("Bearer token-2\u0001");
  });

  it.each([
    ["an empty token", { ...account, token: "" }, /^the token is empty or no token/],
    ["a token with a separator", { ...account, token: "a\u0001b" }, /^the token is empty or no token/],
    ["a token with a line end", { ...account, token: "a\n" }, /^the token is empty or no token/],
    ["a token beyond ASCII", { ...account, token: "\u00e4" }, /^the token is empty or no token/],
    ["a user with a separator", { ...account, user: "a\u0001auth=x" }, /contains a control character$/],
    ["a user with a NUL", { ...account, user: "a\0b" }, /contains a NUL; nothing was sent$/],
  ])("sends nothing for %s", async (_what, options, message) => {
    const error = await failureOf(begin(mechanismOf(options)));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  it.each([
    ["an error of RFC 6750", '{"status":"insufficient_scope","scope":"mail"}', "insufficient_scope", "mail"],
    ["a code", '{"status":"400","schemes":"Bearer","scope":"mail"}', "400", "mail"],
    ["a number instead of text", '{"status":400}', "unknown", undefined],
    ["a scope with a line end", '{"status":"400","scope":"a\\r\\nb"}', "400", undefined],
    ["an endless status", `{"status":"${"x".repeat(501)}"}`, "unknown", undefined],
    ["our token back", `{"status":"no ${account.token}","scope":"${account.token}"}`, "unknown", undefined],
    ["a list", "[]", "unknown", undefined],
    ["nothing", "", "unknown", undefined],
    ["null", "null", "unknown", undefined],
    ["words", "Temporary authentication failure", "unknown", undefined],
    ["a prototype", '{"__proto__":{"status":"x"}}', "unknown", undefined],
  ])("keeps a refusal that is %s", async (_what, challenge, reason, scope) => {
    const mechanism = mechanismOf(account);
    await begin(mechanism);
    expect(await respond(mechanism, challenge)).toBe(dummy);
    expect(mechanism.failure).toMatchObject({ mechanism: name, reason, scope });
    expect(mechanism.failure?.message).toMatch(`the server refused the token (${reason})`);
  });

  it("does not believe who refuses and then lets us in, or refuses twice", async () => {
    const mechanism = mechanismOf(account);
    await begin(mechanism);
    await respond(mechanism, '{"status":"401"}');
    expect(() => mechanism.done(undefined)).toThrow(ProtocolError);
    const error = await failureOf((async () => mechanism.next(new Uint8Array()))());
    expect(error).toBeInstanceOf(ProtocolError);
    await begin(mechanism);
    expect(mechanism.failure).toBeUndefined();
    expect(() => mechanism.done(undefined)).not.toThrow();
  });
});
