// Mechanisms of one's own among the choice, and what is said where there is none.
import { NotSupportedError } from "@netcli/core-transport";
import { describe, expect, it } from "vitest";
import { chooseMechanisms, type Mechanism, plain } from "../src/index.ts";

const account = { user: "user", password: "pencil" };
const secure = { isConfidential: true };
const offered = ["CRAM-MD5", "LOGIN", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI"];

describe("a mechanism of one's own", () => {
  const own: Mechanism = {
    name: "GSSAPI",
    strength: "scram-sha-256",
    isPlaintextEquivalent: false,
    start: () => undefined,
    next: () => new Uint8Array(),
    done: () => undefined,
  };

  it("stands where its strength puts it", () => {
    const chosen = chooseMechanisms(offered, account, { ...secure, custom: [own] });
    expect(chosen.map(({ name }) => name)).toEqual([
      "SCRAM-SHA-512",
      "GSSAPI",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1",
      "PLAIN",
      "LOGIN",
    ]);
    expect(() => chooseMechanisms(["GSSAPI"], {}, { ...secure, custom: [own], minimum: "external" })).toThrow(
      "GSSAPI (weaker than external)",
    );
    expect(() => chooseMechanisms(["PLAIN"], {}, { ...secure, custom: [own] })).toThrow(NotSupportedError);
  });

  it("replaces one of the same name", () => {
    const mine = plain({ user: "mine", password: "mine" });
    expect(chooseMechanisms(["PLAIN"], account, { ...secure, custom: [mine] })).toEqual([mine]);
  });
});

it("says what is wrong with each that the server offers", () => {
  const error = expect.objectContaining({
    code: "ERR_NETCLI_SASL_NO_MECHANISM",
    message:
      "the server offers no mechanism that can be used: ANONYMOUS (needs anonymous), " +
      "CRAM-MD5 (needs a user and a password, and no authzid), LOGIN (needs a user and a password, and no authzid), " +
      "PLAIN (needs a user and a password), SCRAM-SHA-1 (needs a user and a password), " +
      "SCRAM-SHA-1-PLUS (needs a user and a password, and a channel binding), " +
      "XOAUTH2 (needs a user and a token), OAUTHBEARER (needs a token), EXTERNAL (needs external: true), " +
      "GSSAPI (unknown here)",
  });
  const various = [
    "ANONYMOUS",
    "CRAM-MD5",
    "LOGIN",
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "XOAUTH2",
    "OAUTHBEARER",
    "EXTERNAL",
    "GSSAPI",
  ];
  expect(() => chooseMechanisms(various, {}, secure)).toThrow(error);
  expect(() =>
    chooseMechanisms(["PLAIN", "LOGIN"], account, { ...secure, mechanisms: ["SCRAM-SHA-1"] }),
  ).toThrow("PLAIN (not among those asked for), LOGIN (not among those asked for)");
  for (const offers of [[], ["x\u001b[2J"], ["A".repeat(21)], [""]]) {
    expect(() => chooseMechanisms(offers, account, secure)).toThrow(
      "the server offers no mechanism to authenticate with",
    );
  }
});
