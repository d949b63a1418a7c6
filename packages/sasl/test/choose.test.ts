// Which mechanisms are tried, in which order, and which never.
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import { describe, expect, it } from "vitest";
import { type ChoiceOptions, chooseMechanisms, type Credentials } from "../src/index.ts";
import { begin } from "./conversation.ts";

const all = [
  "ANONYMOUS",
  "CRAM-MD5",
  "LOGIN",
  "PLAIN",
  "SCRAM-SHA-1",
  "SCRAM-SHA-1-PLUS",
  "SCRAM-SHA-256",
  "SCRAM-SHA-256-PLUS",
  "SCRAM-SHA-512",
  "SCRAM-SHA-512-PLUS",
  "XOAUTH2",
  "OAUTHBEARER",
  "EXTERNAL",
  "GSSAPI",
];
const unbound = all.filter((name) => !name.endsWith("-PLUS"));
const account = { user: "user", password: "pencil" };
const exporter = { type: "tls-exporter" as const, data: Buffer.from("exported") };
const endPoint = { type: "tls-server-end-point" as const, data: Buffer.from("hashed") };
const secure = { isConfidential: true };
const bound = { isConfidential: true, channelBindings: [exporter, endPoint] };

function namesOf(offered: readonly string[], credentials: Credentials, options: ChoiceOptions): string[] {
  return chooseMechanisms(offered, credentials, options).map(({ name }) => name);
}

describe("the order", () => {
  it("of a password is the strongest first", () => {
    expect(namesOf(unbound, account, secure)).toEqual([
      "SCRAM-SHA-512",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1",
      "PLAIN",
      "LOGIN",
    ]);
  });

  it("of a password that can be bound has each binding of each hash", async () => {
    const chosen = chooseMechanisms(all, account, bound);
    const begun = await Promise.all(
      chosen.slice(0, 6).map(async (one) => `${one.name} ${(await begin(one)) ?? ""}`),
    );
    expect(begun.map((text) => text.replace(/,,.*/, ""))).toEqual([
      "SCRAM-SHA-512-PLUS p=tls-exporter",
      "SCRAM-SHA-512-PLUS p=tls-server-end-point",
      "SCRAM-SHA-256-PLUS p=tls-exporter",
      "SCRAM-SHA-256-PLUS p=tls-server-end-point",
      "SCRAM-SHA-1-PLUS p=tls-exporter",
      "SCRAM-SHA-1-PLUS p=tls-server-end-point",
    ]);
    expect(chosen.slice(6).map(({ name }) => name)).toEqual(["PLAIN", "LOGIN"]);
  });

  it("puts a better hash before a binding with SHA-1", () => {
    const offered = ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-512"];
    const options = { isConfidential: true, channelBindings: [exporter] };
    expect(namesOf(offered, account, options)).toEqual([
      "SCRAM-SHA-512",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1-PLUS",
    ]);
  });

  it("of a token is the standard before its forerunner", () => {
    expect(namesOf(all, { user: "me", token: "t" }, secure)).toEqual(["OAUTHBEARER", "XOAUTH2"]);
    expect(namesOf(all, { token: "t" }, secure)).toEqual(["OAUTHBEARER"]);
  });

  it("of everything begins with the certificate and ends with no one", () => {
    const everything = { ...account, token: "t", external: true, anonymous: "" };
    expect(namesOf(unbound, everything, secure)).toEqual([
      "EXTERNAL",
      "SCRAM-SHA-512",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1",
      "OAUTHBEARER",
      "XOAUTH2",
      "PLAIN",
      "LOGIN",
      "ANONYMOUS",
    ]);
  });

  it("is the caller's where it says so", () => {
    const mechanisms = ["login", "CRAM-MD5", "SCRAM-SHA-1", "NTLM", "LOGIN"];
    expect(namesOf(all, account, { ...bound, mechanisms })).toEqual(["LOGIN", "CRAM-MD5", "SCRAM-SHA-1"]);
  });

  it("does not depend on how the server writes the names", () => {
    expect(namesOf(["plain", "Scram-Sha-256"], account, secure)).toEqual(["SCRAM-SHA-256", "PLAIN"]);
  });
});

describe("CRAM-MD5 is chosen", () => {
  it("where there is nothing else", () => {
    expect(namesOf(["CRAM-MD5"], account, secure)).toEqual(["CRAM-MD5"]);
    expect(namesOf(["CRAM-MD5", "PLAIN"], account, { isConfidential: false })).toEqual(["CRAM-MD5"]);
    expect(namesOf(["CRAM-MD5", "PLAIN"], account, { ...secure, minimum: "digest" })).toEqual(["CRAM-MD5"]);
    const guest = { ...account, anonymous: "" };
    expect(namesOf(["ANONYMOUS", "CRAM-MD5"], guest, secure)).toEqual(["CRAM-MD5", "ANONYMOUS"]);
  });

  it("where it is asked for, and not otherwise", () => {
    expect(namesOf(["CRAM-MD5", "PLAIN"], account, { ...secure, mechanisms: ["CRAM-MD5"] })).toEqual([
      "CRAM-MD5",
    ]);
    expect(namesOf(["CRAM-MD5", "PLAIN"], account, secure)).toEqual(["PLAIN"]);
  });
});

describe("without confidentiality", () => {
  const clear = { isConfidential: false };

  it("nothing is chosen that shows the secret", () => {
    expect(namesOf(unbound, { ...account, token: "t" }, clear)).toEqual([
      "SCRAM-SHA-512",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1",
    ]);
    for (const mechanisms of [undefined, ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"]]) {
      const offered = ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"];
      const credentials = { ...account, token: "t" };
      expect(() => chooseMechanisms(offered, credentials, { ...clear, mechanisms })).toThrow(
        "the server offers no mechanism that can be used: PLAIN (needs TLS), LOGIN (needs TLS), " +
          "XOAUTH2 (needs TLS), OAUTHBEARER (needs TLS)",
      );
    }
  });

  it("a secret is shown where the caller allows it", () => {
    const options = { ...clear, allowInClear: true };
    expect(namesOf(["PLAIN"], account, options)).toEqual(["PLAIN"]);
    expect(namesOf(["XOAUTH2"], { user: "me", token: "t" }, options)).toEqual(["XOAUTH2"]);
  });

  it("what holds no secret is chosen", () => {
    const credentials = { external: true, anonymous: "x" };
    expect(namesOf(all, credentials, clear)).toEqual(["EXTERNAL", "ANONYMOUS"]);
  });
});

describe("the minimum", () => {
  it("keeps out what is weaker (mechanism downgrade)", () => {
    expect(namesOf(unbound, account, { ...secure, minimum: "scram-sha-256" })).toEqual([
      "SCRAM-SHA-512",
      "SCRAM-SHA-256",
    ]);
    expect(() => chooseMechanisms(["PLAIN"], account, { ...secure, minimum: "scram-sha-1" })).toThrow(
      "the server offers no mechanism that can be used: PLAIN (weaker than scram-sha-1)",
    );
    expect(() => chooseMechanisms(unbound, account, { ...bound, minimum: "scram-sha-256-plus" })).toThrow(
      NotSupportedError,
    );
  });

  it("holds for what the caller asks for, and for clear connections", () => {
    for (const options of [{ mechanisms: ["PLAIN"] }, { allowInClear: true, isConfidential: false }]) {
      expect(() =>
        chooseMechanisms(["PLAIN"], account, { ...secure, ...options, minimum: "digest" }),
      ).toThrow(NotSupportedError);
    }
  });

  it("must be one that there is", () => {
    const { minimum } = JSON.parse('{ "minimum": "strong" }') as { minimum: "none" };
    expect(() => chooseMechanisms([], {}, { ...secure, minimum })).toThrow(ArgumentError);
  });
});

async function flagOf(offered: string[], options: ChoiceOptions): Promise<string> {
  const [first] = chooseMechanisms(offered, account, options);
  const message = first === undefined ? undefined : await begin(first);
  return message?.slice(0, 1) ?? "";
}

describe("the flag for channel binding", () => {
  it("is p where both can", async () => {
    expect(await flagOf(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], bound)).toBe("p");
  });

  it("is y where we could and the server does not offer it (mechanism downgrade)", async () => {
    expect(await flagOf(["SCRAM-SHA-256"], bound)).toBe("y");
    // Someone may have left that of another hash on the list.
    expect(await flagOf(["SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"], bound)).toBe("y");
  });

  it("is n where we can't, or where the caller does not want to", async () => {
    expect(await flagOf(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], secure)).toBe("n");
    const asked = { ...bound, mechanisms: ["SCRAM-SHA-256"] };
    expect(await flagOf(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], asked)).toBe("n");
  });

  it("is never dropped because the bound mechanism was refused", () => {
    expect(namesOf(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], account, bound)).not.toContain("SCRAM-SHA-256");
  });
});

describe("whom to act as", () => {
  it("is said by those that can, and the others are left out", async () => {
    const credentials = { ...account, authzid: "boss" };
    const chosen = chooseMechanisms(["LOGIN", "CRAM-MD5", "PLAIN", "SCRAM-SHA-1"], credentials, secure);
    expect(chosen.map(({ name }) => name)).toEqual(["SCRAM-SHA-1", "PLAIN"]);
    expect(await Promise.all(chosen.map(begin))).toEqual([
      expect.stringMatching(/^n,a=boss,n=user,/),
      "boss\0user\0pencil",
    ]);
    expect(() => chooseMechanisms(["LOGIN"], credentials, secure)).toThrow(
      "LOGIN (needs a user and a password, and no authzid)",
    );
  });

  it("is what EXTERNAL and tokens are for", async () => {
    const credentials = { user: "me", token: "t", authzid: "boss", external: true };
    const options = { ...secure, host: "mail.example.com", port: 993 };
    const chosen = chooseMechanisms(["EXTERNAL", "OAUTHBEARER", "XOAUTH2"], credentials, options);
    expect(await Promise.all(chosen.map(begin))).toEqual([
      "boss",
      "n,a=boss,\u0001host=mail.example.com\u0001port=993\u0001auth=Bearer t\u0001\u0001",
      "user=boss\u0001auth=Bearer t\u0001\u0001",
    ]);
  });
});

it("asks a function once, however many mechanisms want to know", async () => {
  const asked: string[] = [];
  const credentials = {
    user: "user",
    password: async () => (asked.push("password"), "pencil"),
    token: () => (asked.push("token"), "t"),
  };
  const chosen = chooseMechanisms(unbound, credentials, secure);
  expect(chosen).toHaveLength(7);
  expect(asked).toEqual([]);
  for (const mechanism of chosen) await begin(mechanism);
  expect(asked).toEqual(["password", "token"]);
  // The next authentication may need another.
  for (const mechanism of chooseMechanisms(["PLAIN"], credentials, secure)) await begin(mechanism);
  expect(asked).toEqual(["password", "token", "password"]);
});
