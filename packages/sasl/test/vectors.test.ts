// The examples of the specifications, to the letter.
import { describe, expect, it } from "vitest";
import {
  anonymous,
  cramMd5,
  encodeBase64,
  external,
  login,
  type Mechanism,
  oauthBearer,
  plain,
  scram,
  xoauth2,
} from "../src/index.ts";
import { begin, bytes, respond } from "./conversation.ts";

async function initialBase64(mechanism: Mechanism): Promise<string> {
  const initial = await mechanism.start();
  if (initial === undefined) throw new Error("it says nothing first");
  return encodeBase64(initial);
}

describe("PLAIN (RFC 4616 4)", () => {
  it("sends the user and the password", async () => {
    expect(await begin(plain({ user: "tim", password: "tanstaaftanstaaf" }))).toBe("\0tim\0tanstaaftanstaaf");
  });

  it("sends whom to act as before them", async () => {
    const mechanism = plain({ authzid: "Ursel", user: "Kurt", password: "xipj3plmq" });
    expect(await begin(mechanism)).toBe("Ursel\0Kurt\0xipj3plmq");
  });
});

it("LOGIN (draft-murchison-sasl-login 2) answers two questions", async () => {
  const mechanism = login({ user: "tim", password: "tanstaaftanstaaf" });
  expect(await begin(mechanism)).toBeUndefined();
  expect(await respond(mechanism, "User Name\0")).toBe("tim");
  expect(await respond(mechanism, "Password\0")).toBe("tanstaaftanstaaf");
});

it("CRAM-MD5 (RFC 2195 2) answers the challenge", async () => {
  const mechanism = cramMd5({ user: "tim", password: "tanstaaftanstaaf" });
  expect(await begin(mechanism)).toBeUndefined();
  const challenge = "<1896.697170952@postoffice.reston.mci.net>";
  expect(await respond(mechanism, challenge)).toBe("tim b913a602c7eda7a495b4e6e7334d3890");
});

it.each([
  {
    what: "SCRAM-SHA-1 (RFC 5802 5)",
    hash: "SHA-1" as const,
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
    serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  },
  {
    what: "SCRAM-SHA-256 (RFC 7677 3)",
    hash: "SHA-256" as const,
    nonce: "rOprNGfwEbeRWgbNEkqO",
    serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    clientFinal:
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  },
])("$what proves that it knows the password, and checks that the server does", async (vector) => {
  const { hash, nonce, serverFirst, clientFinal, serverFinal } = vector;
  const mechanism = scram(hash, { user: "user", password: "pencil", nonce });
  expect(await begin(mechanism)).toBe(`n,,n=user,r=${nonce}`);
  expect(await respond(mechanism, serverFirst)).toBe(clientFinal);
  expect(await respond(mechanism, serverFinal)).toBe("");
  expect(() => mechanism.done(undefined)).not.toThrow();
  // The same with the server's proof beside its success, for protocols that have room for it.
  await mechanism.start();
  await mechanism.next(bytes(serverFirst));
  expect(() => mechanism.done(bytes(serverFinal))).not.toThrow();
});

describe("OAUTHBEARER (RFC 7628 4)", () => {
  const token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

  it("sends the token, and where it has connected to", async () => {
    const mechanism = oauthBearer({ user: "user@example.com", token, host: "server.example.com", port: 143 });
    expect(await initialBase64(mechanism)).toBe(
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRx" +
        "bVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
    );
  });

  it("answers a refusal with the dummy, and keeps what it said", async () => {
    const mechanism = oauthBearer({ user: "user@example.com", token, host: "server.example.com", port: 143 });
    await mechanism.start();
    const refusal =
      "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJo" +
      "dHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=";
    expect(encodeBase64(await mechanism.next(Buffer.from(refusal, "base64")))).toBe("AQ==");
    expect(mechanism.failure).toMatchObject({
      name: "MechanismError",
      code: "ERR_NETCLI_SASL",
      mechanism: "OAUTHBEARER",
      reason: "invalid_token",
      scope: "example_scope",
      openidConfiguration: "https://example.com/.well-known/openid-configuration",
      isAboutMechanism: false,
    });
  });
});

describe("XOAUTH2 (Google's description)", () => {
  const token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";

  it("sends the user and the token", async () => {
    expect(await initialBase64(xoauth2({ user: "someuser@example.com", token }))).toBe(
      "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRH" +
        "RXVZMjl0Q2cBAQ==",
    );
  });

  it("answers a refusal with nothing, and keeps what it said", async () => {
    const mechanism = xoauth2({ user: "someuser@example.com", token });
    await mechanism.start();
    const refusal =
      "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0K";
    expect(await mechanism.next(Buffer.from(refusal, "base64"))).toHaveLength(0);
    expect(mechanism.failure).toMatchObject({
      message: "the server refused the token (401); it wants one with the scope https://mail.google.com/",
      reason: "401",
      scope: "https://mail.google.com/",
    });
  });
});

it("EXTERNAL (RFC 4422 A.4) says nothing, or whom to act as", async () => {
  expect(await begin(external())).toBe("");
  expect(await begin(external({ authzid: "fred@example.com" }))).toBe("fred@example.com");
});

it("ANONYMOUS (RFC 4505 4) sends its trace", async () => {
  expect(await initialBase64(anonymous("sirhc"))).toBe("c2lyaGM=");
  expect(await begin(anonymous())).toBe("");
});
