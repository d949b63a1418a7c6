// The mechanisms that are one message or two: what they refuse to send, and what they make of more questions.
import { ArgumentError, ProtocolError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { anonymous, cramMd5, external, login, type Mechanism, plain } from "../src/index.ts";
import { begin, respond } from "./conversation.ts";

const account = { user: "tim", password: "tanstaaftanstaaf" };

it.each<[Mechanism, string, string, boolean]>([
  [external(), "EXTERNAL", "external", false],
  [plain(account), "PLAIN", "plaintext", true],
  [login(account), "LOGIN", "plaintext", true],
  [cramMd5(account), "CRAM-MD5", "digest", false],
  [anonymous(), "ANONYMOUS", "none", false],
])("%o says what it is", (mechanism, name, strength, isPlaintextEquivalent) => {
  expect(mechanism).toMatchObject({ name, strength, isPlaintextEquivalent });
});

it.each<[string, Mechanism, string]>([
  ["PLAIN without a user", plain({ ...account, user: "" }), "the user is empty; nothing was sent"],
  [
    "PLAIN without a password",
    plain({ ...account, password: "" }),
    "the password is empty; nothing was sent",
  ],
  [
    "PLAIN with a NUL in the user",
    plain({ ...account, user: "a\0b" }),
    "the user contains a NUL; nothing was sent",
  ],
  [
    "PLAIN with a NUL in the password",
    plain({ ...account, password: () => "a\0b" }),
    "the password contains a NUL; nothing was sent",
  ],
  [
    "PLAIN with a NUL in the authzid",
    plain({ ...account, authzid: "a\0b" }),
    "the authzid contains a NUL; nothing was sent",
  ],
  [
    "PLAIN with half a character",
    plain({ ...account, password: "\udc00" }),
    "the password contains half a surrogate pair; nothing was sent",
  ],
  ["LOGIN without a user", login({ ...account, user: "" }), "the user is empty; nothing was sent"],
  [
    "LOGIN with a NUL",
    login({ ...account, password: "\0" }),
    "the password contains a NUL; nothing was sent",
  ],
  ["CRAM-MD5 without a user", cramMd5({ ...account, user: "" }), "the user is empty; nothing was sent"],
  [
    "CRAM-MD5 with half a character",
    cramMd5({ ...account, password: "\ud800x" }),
    "the password contains half a surrogate pair; nothing was sent",
  ],
  ["EXTERNAL with a NUL", external({ authzid: "\0" }), "the authzid contains a NUL; nothing was sent"],
  ["ANONYMOUS with a line end", anonymous("a\nb"), "the trace contains a control character"],
  ["ANONYMOUS with a novel", anonymous("x".repeat(256)), "the trace is longer than 255 characters"],
])("%s sends nothing", async (_what, mechanism, message) => {
  const error = await failureOf((async () => mechanism.start())());
  expect(error).toBeInstanceOf(ArgumentError);
  expect(error).toMatchObject({ message });
});

it("takes a password that is no string for a mistake", async () => {
  // What a program without types may do: JSON that holds a number.
  const { password } = JSON.parse('{ "password": 1234 }') as { password: string };
  for (const mechanism of [
    plain({ ...account, password }),
    login({ ...account, password: () => password }),
  ]) {
    const error = await failureOf((async () => mechanism.start())());
    expect(error).toMatchObject({ message: "the password must be a string, not number" });
  }
});

it("counts the characters of a trace, and not their bytes", async () => {
  expect(await begin(anonymous("\u{1f600}".repeat(255)))).toBe("\u{1f600}".repeat(255));
});

it("sends names and passwords in UTF-8, as they are", async () => {
  const raw = { user: "\u2168\u00e4", password: "p\u00e4\u00df\u{1f600}\u00a0\r\n" };
  expect(await begin(plain(raw))).toBe(`\0${raw.user}\0${raw.password}`);
  const mechanism = login(raw);
  await begin(mechanism);
  expect([await respond(mechanism, ""), await respond(mechanism, "")]).toEqual([raw.user, raw.password]);
});

describe("a challenge too many", () => {
  it.each<[Mechanism, number]>([
    [plain(account), 0],
    [external(), 0],
    [anonymous(), 0],
    [cramMd5(account), 1],
    [login(account), 2],
  ])("ends %o", async (mechanism, count) => {
    await begin(mechanism);
    for (let challenge = 0; challenge < count; challenge += 1) await respond(mechanism, "a challenge");
    const error = await failureOf((async () => mechanism.next(Buffer.from("another")))());
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      message: `the server sent a challenge where ${mechanism.name} has nothing more to say`,
    });
    // It begins anew where it is wanted again.
    await begin(mechanism);
    for (let challenge = 0; challenge < count; challenge += 1) {
      expect(await respond(mechanism, "a challenge")).not.toBe("");
    }
  });
});

it("does not answer a challenge of CRAM-MD5 that is always the same", async () => {
  const mechanism = cramMd5(account);
  await begin(mechanism);
  const error = await failureOf((async () => mechanism.next(new Uint8Array()))());
  expect(error).toMatchObject({ message: "the server's CRAM-MD5 challenge is empty" });
});
