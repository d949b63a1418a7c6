// SCRAM against a server of its own: what is said, with all hashes, names and settings.
import { randomBytes, randomInt } from "node:crypto";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { saslprep, scram, type ScramHash } from "../src/index.ts";
import { begin, converse, respond } from "./conversation.ts";
import { ScramServer } from "./scram-server.ts";

const hashes: ScramHash[] = ["SHA-1", "SHA-256", "SHA-512"];
const account = { user: "user", password: "pencil" };

describe.each(hashes)("SCRAM-%s", (hash) => {
  it("lets us in, and the server prove itself", async () => {
    const server = new ScramServer({ hash });
    const mechanism = scram(hash, account);
    await converse(mechanism, server);
    expect(mechanism).toMatchObject({
      name: `SCRAM-${hash}`,
      strength: `scram-${hash.toLowerCase()}`,
      isPlaintextEquivalent: false,
      failure: undefined,
    });
    expect(server.authenticated).toEqual({ user: "user", authzid: "" });
  });

  it("binds to what both sides see", async () => {
    const data = randomBytes(32);
    const server = new ScramServer({ hash, isPlus: true, bindings: { "tls-exporter": data } });
    const mechanism = scram(hash, { ...account, channelBinding: { type: "tls-exporter", data } });
    const [clientFirst] = await converse(mechanism, server);
    expect(clientFirst).toMatch(/^p=tls-exporter,,n=user,r=/);
    expect(mechanism).toMatchObject({
      name: `SCRAM-${hash}-PLUS`,
      strength: `scram-${hash.toLowerCase()}-plus`,
    });
    expect(server.authenticated).toBeDefined();
  });

  it("says which password is wrong: ours", async () => {
    const server = new ScramServer({ hash });
    const mechanism = scram(hash, { ...account, password: "pen" });
    const clientFinal = await respond(mechanism, server.first((await begin(mechanism)) ?? ""));
    expect(await respond(mechanism, server.final(clientFinal))).toBe("");
    expect(mechanism.failure).toMatchObject({
      message: `the server refused SCRAM-${hash}: invalid-proof`,
      reason: "invalid-proof",
      isAboutMechanism: false,
    });
  });
});

/** Of all planes and widths, with what the messages are separated by. */
function randomText(): string {
  const alphabet = [
    "a",
    "Z",
    "0",
    " ",
    "=",
    ",",
    "=2C",
    "=3D",
    "n=",
    "\u00e4",
    "\u0142",
    "\u4e2d",
    "\u{10400}",
  ];
  return Array.from({ length: randomInt(1, 12) }, () => alphabet[randomInt(alphabet.length)]).join("");
}

it("carries any name, password and authzid", async () => {
  for (let round = 0; round < 100; round += 1) {
    const [user, password, authzid] = [randomText(), randomText(), randomText()];
    const salt = randomBytes(randomInt(1, 64));
    const hash = hashes[round % hashes.length] ?? "SHA-1";
    const options = { hash, user: saslprep(user), password: saslprep(password), salt, iterations: round + 1 };
    const server = new ScramServer(options);
    const mechanism = scram(hash, { user, password, authzid, minimumIterations: 1 });
    await converse(mechanism, server);
    expect(server.authenticated).toEqual({ user: saslprep(user), authzid });
  }
});

it("never asks the same question twice", async () => {
  const mechanism = scram("SHA-1", account);
  const questions = await Promise.all(Array.from({ length: 100 }, () => begin(mechanism)));
  expect(new Set(questions).size).toBe(100);
  for (const question of questions) expect(question).toMatch(/^n,,n=user,r=[A-Za-z0-9+/]{32}$/);
});

it("begins anew after whatever came before", async () => {
  const mechanism = scram("SHA-256", account);
  await begin(mechanism);
  expect(await failureOf(respond(mechanism, "nonsense"))).toBeInstanceOf(Error);
  await begin(mechanism);
  await respond(mechanism, "e=other-error");
  expect(mechanism.failure).toBeDefined();
  const server = new ScramServer();
  await converse(mechanism, server);
  expect(mechanism.failure).toBeUndefined();
  expect(server.authenticated).toBeDefined();
});

it.each([
  ["n", false, undefined],
  ["y", true, undefined],
  ["p=tls-exporter", false, { type: "tls-exporter" as const, data: randomBytes(32) }],
  ["p=tls-server-end-point", false, { type: "tls-server-end-point" as const, data: randomBytes(32) }],
])("says %s of channel binding", async (flag, isBindingMissed, channelBinding) => {
  const mechanism = scram("SHA-256", {
    ...account,
    authzid: "boss",
    isBindingMissed,
    channelBinding,
    nonce: "x",
  });
  expect(await begin(mechanism)).toBe(`${flag},a=boss,n=user,r=x`);
});

it("prepares the name and the password, but not the authzid", async () => {
  const server = new ScramServer({ user: "IX", password: "a b" });
  const mechanism = scram("SHA-256", { user: "\u2168", password: "a\u00a0\u00adb", authzid: "\u2168" });
  await converse(mechanism, server);
  expect(server.authenticated).toEqual({ user: "IX", authzid: "\u2168" });
});

it("leaves them as they are for a server that does not prepare them", async () => {
  const raw = { user: "\u2168", password: "\u{1f600} a\u00a0b" };
  const server = new ScramServer(raw);
  await converse(scram("SHA-256", { ...raw, prepare: (text) => text }), server);
  expect(server.authenticated).toBeDefined();
});

it.each([
  ["an empty user", { ...account, user: "" }, "the user is empty; nothing was sent"],
  ["a user of which nothing is left", { ...account, user: "\u00ad" }, "the user is empty; nothing was sent"],
  ["a NUL in the user", { ...account, user: "a\0b" }, "the user contains a NUL; nothing was sent"],
  ["a NUL in the authzid", { ...account, authzid: "a\0b" }, "the authzid contains a NUL; nothing was sent"],
  [
    "a NUL in the password",
    { ...account, password: "a\0b" },
    "the password contains a NUL; nothing was sent",
  ],
  [
    "a NUL that preparing made",
    { ...account, prepare: () => "a\0b" },
    "the user contains a NUL; nothing was sent",
  ],
  [
    "half a character",
    { ...account, password: "a\ud800" },
    "the password contains half a surrogate pair; nothing was sent",
  ],
  [
    "a character newer than Unicode 3.2",
    { ...account, password: "\u{1f600}" },
    "the password contains a character that is newer than Unicode 3.2, which SASLprep (RFC 4013) does not allow; " +
      '"prepare" may be given to leave it as it is',
  ],
  ["a nonce with a comma", { ...account, nonce: "a,b" }, "the nonce must be printable, without commas"],
  ["a nonce that is empty", { ...account, nonce: "" }, "the nonce must be printable, without commas"],
])("sends nothing for %s", async (_what, options, message) => {
  const error = await failureOf(begin(scram("SHA-256", options)));
  expect(error).toBeInstanceOf(ArgumentError);
  expect(error).toMatchObject({ message });
});

it.each([
  ["minimumIterations", 0],
  ["minimumIterations", 1.5],
  ["maximumIterations", Number.NaN],
  ["maximumIterations", 2 ** 31],
])("refuses %s of %d", (name, value) => {
  expect(() => scram("SHA-1", { ...account, [name]: value })).toThrow(ArgumentError);
});

it("asks a function for the password, and passes on why it fails", async () => {
  const server = new ScramServer();
  await converse(scram("SHA-256", { user: "user", password: async () => "pencil" }), server);
  expect(server.authenticated).toBeDefined();
  const failed = new Error("the keychain is locked");
  const locked = scram("SHA-256", { user: "user", password: () => Promise.reject(failed) });
  expect(await failureOf(begin(locked))).toBe(failed);
});
