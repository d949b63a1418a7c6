// No secret shows: not in what mechanisms look like, not in errors, whatever goes wrong and when.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  type Credentials,
  chooseMechanisms,
  cramMd5,
  login,
  type Mechanism,
  oauthBearer,
  plain,
  scram,
  xoauth2,
} from "../src/index.ts";

const SECRET = "hunter2-correct-horse";
const user = "somebody";

/** All in which a secret may be: itself, and base64 of any text around it. */
function traces(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${"x".repeat(shift)}${text}`).toString("base64");
    // Without the characters that depend on what stands before and behind.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
}

/** What of the secret can be seen in these, however one looks. */
function leaksIn(...things: unknown[]): string[] {
  return things.flatMap((thing) => {
    const shown = [
      inspect(thing, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify(thing) ?? "",
      String(thing),
      thing instanceof Error ? `${thing.stack ?? ""} ${inspect(thing.cause)}` : "",
    ].join("\n");
    return [SECRET, ...traces(SECRET)].filter((trace) => shown.includes(trace));
  });
}

it("would be seen if there were one", () => {
  const encoded = Buffer.from(`\0user\0${SECRET}!`).toString("base64");
  for (const thing of [SECRET, { a: { b: [SECRET] } }, new Error("x", { cause: SECRET }), encoded]) {
    expect(leaksIn(thing)).not.toEqual([]);
  }
});

const ways: [string, () => Mechanism][] = [
  ["PLAIN", () => plain({ user, password: SECRET })],
  ["LOGIN", () => login({ user, password: SECRET })],
  ["CRAM-MD5", () => cramMd5({ user, password: SECRET })],
  ["SCRAM", () => scram("SHA-256", { user, password: SECRET, nonce: "x" })],
  ["OAUTHBEARER", () => oauthBearer({ user, token: SECRET })],
  ["XOAUTH2", () => xoauth2({ user, token: SECRET })],
];

describe.each(ways)("%s shows no secret", (_name, mechanismOf) => {
  it("at any stage, whatever the server says", async () => {
    const challenges = [
      "",
      "x",
      SECRET,
      `{"status":"${SECRET}","scope":"no ${SECRET}"}`,
      `e=${SECRET.slice(0, 5)}`,
      `r=xy,s=${Buffer.from("salt").toString("base64")},i=4096`,
      "r=xy,s=c2FsdA==,i=1",
      "v=AAAA",
    ];
    const leaks: string[] = [];
    for (const first of challenges) {
      for (const second of challenges) {
        const mechanism = mechanismOf();
        leaks.push(...leaksIn(mechanism));
        await mechanism.start();
        leaks.push(...leaksIn(mechanism));
        for (const challenge of [first, second]) {
          try {
            await mechanism.next(Buffer.from(challenge));
          } catch (error) {
            leaks.push(...leaksIn(error));
          }
          leaks.push(...leaksIn(mechanism, mechanism.failure));
        }
        try {
          await mechanism.done(Buffer.from(first));
        } catch (error) {
          leaks.push(...leaksIn(error));
        }
      }
    }
    expect(leaks).toEqual([]);
  });
});

it.each<[string, Credentials]>([
  ["a NUL", { user, password: `${SECRET}\0` }],
  ["half a character", { user, password: `${SECRET}\ud800` }],
  ["what SASLprep does not allow", { user, password: `${SECRET}\u{1f600}` }],
  ["a control character", { user, password: `${SECRET}\u0007` }],
  ["a token that is none", { user, token: `${SECRET}\n` }],
])("a secret with %s is refused without showing it", async (_what, credentials) => {
  const offered = ["SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER", "XOAUTH2"];
  const chosen = chooseMechanisms(offered, credentials, { isConfidential: true });
  const leaks = leaksIn(chosen);
  let refused = 0;
  for (const mechanism of chosen) {
    try {
      await mechanism.start();
    } catch (error) {
      refused += 1;
      leaks.push(...leaksIn(error));
    }
  }
  expect(refused).toBeGreaterThan(0);
  expect(leaks).toEqual([]);
});

it("a choice that fails shows no secret", () => {
  for (const credentials of [
    { user, password: SECRET },
    { user, token: SECRET },
  ]) {
    let error: unknown;
    try {
      chooseMechanisms(["PLAIN", "XOAUTH2"], credentials, { isConfidential: false });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Error);
    expect(leaksIn(error)).toEqual([]);
  }
});
