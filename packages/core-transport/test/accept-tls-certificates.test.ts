// What a TLS server shows and demands: certificates by name, protocols, clients' certificates, sessions, contexts.
import { once } from "node:events";
import { createSecureContext, connect as tlsConnect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { createAuthority, failureOf, selfSigned } from "@netcli/test-kit";
import {
  ArgumentError,
  Connection,
  serverContext,
  TlsError,
  type TlsServerOptions,
  TlsTickets,
} from "../src/index.ts";
import { acceptedConnection, type Pair } from "./accepted.ts";
import { noSocketLeft } from "./leaks.ts";
import { authority, identity, trust } from "./peers.ts";

afterEach(noSocketLeft);

const versions = ["TLSv1.2", "TLSv1.3"] as const;

interface Secured extends Pair {
  connection: Connection;
  client: TLSSocket;
}

/** Both ends behind a handshake, or the failure of the server's. */
async function secured(server: TlsServerOptions, options: ConnectionOptions = {}): Promise<Secured> {
  const pair = await acceptedConnection({ timeouts: { connect: 20_000 } });
  const client = tlsConnect({ ...trust, servername: "localhost", ...options, socket: pair.client });
  client.on("error", () => undefined);
  try {
    await pair.connection.acceptTls(server);
  } catch (error) {
    await pair[Symbol.asyncDispose]();
    client.destroy();
    throw error;
  }
  const dispose = async (): Promise<void> => {
    client.destroy();
    await pair[Symbol.asyncDispose]();
  };
  return { ...pair, client, [Symbol.asyncDispose]: dispose };
}

/** Says hello in both directions: the client then has what the server sent behind the handshake, its tickets. */
async function talk({ connection, client }: Secured): Promise<void> {
  client.write("hello\r\n");
  expect(await connection.readLine()).toBe("hello");
  await connection.writeLine("hello");
  if (client.readableLength === 0) await once(client, "readable");
  expect(String(client.read())).toBe("hello\r\n");
}

/** The name on the certificate that the client was shown. */
function shown(client: TLSSocket): string {
  return client.getPeerCertificate().subjectaltname ?? "";
}

describe("the name that a client asks for", () => {
  const named = authority.issue({ names: ["named.example"] });
  const server: TlsServerOptions = {
    ...identity,
    SNICallback: (name, done) => {
      if (name === "broken.example") done(new Error("no such name"));
      else if (name === "named.example") done(null, createSecureContext(named));
      else done(null);
    },
  };

  test("decides about the certificate, and one without gets the usual", async () => {
    await using one = await secured(server, { servername: "named.example" });
    await using other = await secured(server, { servername: "localhost" });
    await using nameless = await secured(server, { servername: "", checkServerIdentity: () => undefined });
    expect(shown(one.client)).toBe("DNS:named.example");
    expect(shown(other.client)).toContain("DNS:localhost");
    expect(shown(nameless.client)).toContain("DNS:localhost");
    expect(one.connection.tls).toMatchObject({ servername: "named.example" });
  });

  test("decides even where there is no other certificate", async () => {
    await using pair = await secured(
      { SNICallback: (_name, done) => done(null, createSecureContext(named)) },
      { servername: "named.example" },
    );
    expect(shown(pair.client)).toBe("DNS:named.example");
  });

  test("fails the handshake where there is no answer", async () => {
    const error = await failureOf(secured(server, { servername: "broken.example" }));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: "the TLS handshake failed: no such name" });
  });
});

describe("protocols", () => {
  test("are agreed upon", async () => {
    await using pair = await secured(
      { ...identity, ALPNProtocols: ["imap", "pop3"] },
      { ALPNProtocols: ["pop3", "managesieve"] },
    );
    expect([pair.connection.tls?.alpnProtocol, pair.client.alpnProtocol]).toEqual(["pop3", "pop3"]);
  });

  test("that have nothing in common fail the handshake", async () => {
    const error = await failureOf(
      secured({ ...identity, ALPNProtocols: ["imap"] }, { ALPNProtocols: ["managesieve"] }),
    );
    expect(error).toBeInstanceOf(TlsError);
  });

  test.each(versions)("are of the versions that both allow: %s", async (version) => {
    await using pair = await secured({ ...identity, maxVersion: version });
    expect(pair.client.getProtocol()).toBe(version);
  });
});

describe.each(versions)("a server that asks for certificates, %s,", (maxVersion) => {
  const server: TlsServerOptions = { ...identity, ca: authority.certificate, requestCert: true, maxVersion };
  const stranger = createAuthority("somebody else");
  const yesterday = new Date(Date.now() - 86_400_000);

  test("takes one of its authority, and says so", async () => {
    const own = authority.issue({ names: ["client.example"] });
    await using pair = await secured(server, own);
    await talk(pair);
    expect(pair.connection.tls?.authorized).toBe(true);
    expect(pair.connection.tls?.getPeerCertificate().subjectaltname).toBe("DNS:client.example");
  });

  test("refuses clients without", async () => {
    const error = await failureOf(secured(server));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: expect.stringContaining("did not return a certificate") });
  });

  test.each([
    ["of another authority", stranger.issue(), "UNABLE_TO_"],
    ["that nobody signed", selfSigned(), "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["that has expired", authority.issue({ notAfter: yesterday }), "CERT_HAS_EXPIRED"],
  ])("refuses one %s, with all that the client sent behind it", async (_what, own, code) => {
    const pair = await acceptedConnection({ timeouts: { connect: 20_000 } });
    const client = tlsConnect({ ...trust, ...own, servername: "localhost", socket: pair.client });
    client.on("error", () => undefined).write("PASS secret\r\n");
    const error = await failureOf(pair.connection.acceptTls(server));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({
      code: "ERR_NETCLI_CERTIFICATE",
      message: expect.stringContaining(`the client's certificate was refused`),
    });
    expect((error as Error).message).toContain(code);
    expect(await failureOf(pair.connection.readLine())).toBe(error);
    client.destroy();
    await pair[Symbol.asyncDispose]();
  });

  test("resumes the session of a client, which stays known", async () => {
    const own = authority.issue({ names: ["client.example"] });
    let session: Buffer | undefined;
    for (const isSecond of [false, true]) {
      await using pair = await secured(server, { ...own, ...(session === undefined ? {} : { session }) });
      pair.client.on("session", (newest: Buffer) => {
        session = newest;
      });
      session ??= pair.client.getSession();
      await talk(pair);
      expect([pair.client.isSessionReused(), pair.connection.tls?.isSessionReused()]).toEqual([
        isSecond,
        isSecond,
      ]);
      expect(pair.connection.tls?.authorized).toBe(true);
      expect(pair.connection.tls?.getPeerCertificate().subjectaltname).toBe("DNS:client.example");
    }
  });
});

test("a server that does not ask for certificates takes no client for authorized", async () => {
  await using pair = await secured(identity, authority.issue());
  expect(pair.connection.tls?.authorized).toBe(false);
});

test("sessions of our own clients are resumed as long as the options are the same object", async () => {
  const tickets = new TlsTickets();
  const resumed: (boolean | undefined)[] = [];
  const first = { ...identity };
  for (const server of [first, first, { ...identity }]) {
    const pair = await acceptedConnection();
    const client = Connection.over(pair.client, { host: "localhost" });
    await Promise.all([pair.connection.acceptTls(server), client.startTls({ ...trust, tickets })]);
    await pair.connection.writeLine("hello");
    await client.readLine();
    resumed.push(pair.connection.tls?.isSessionReused());
    await Promise.all([client.close(), pair.connection.close()]);
  }
  expect(resumed).toEqual([false, true, false]);
});

test("a client that negotiates anew again and again is cut off", async () => {
  await using pair = await secured({ ...identity, maxVersion: "TLSv1.2" });
  await talk(pair);
  const { connection, client } = pair;
  const waiting = failureOf(connection.readLine());
  client.resume();
  for (let count = 0; count < 10 && !connection.destroyed; count += 1) {
    const renegotiated = new Promise((resolve) => {
      client.renegotiate({}, resolve);
    });
    await Promise.race([renegotiated, waiting]);
  }
  expect(await waiting).toMatchObject({
    name: "ConnectionClosedError",
    cause: { code: "ERR_TLS_SESSION_ATTACK" },
  });
});

describe("a context", () => {
  test("is made once for each object of options", () => {
    const options = { ...identity };
    expect(serverContext(options)).toBe(serverContext(options));
    expect(serverContext({ ...options })).not.toBe(serverContext(options));
  });

  const other = authority.issue();
  const wrong: [string, TlsServerOptions][] = [
    ["a key of another certificate", { cert: identity.cert, key: other.key }],
    ["no key", { cert: identity.cert }],
    ["no certificate", { key: identity.key }],
    ["nothing", {}],
    ["empty files", { cert: "", key: "" }],
    ["empty files as bytes", { cert: Buffer.alloc(0), key: Buffer.alloc(0) }],
    ["empty lists", { cert: [], key: [] }],
    ["half a file", { cert: identity.cert.slice(0, 200), key: identity.key }],
    ["something that is no certificate", { cert: "certificate", key: "key" }],
    ["something that is no PKCS #12", { pfx: "pfx" }],
    ["a half beside a callback", { cert: identity.cert, SNICallback: (_name, done) => done(null) }],
    ["ciphers that do not exist", { ...identity, ciphers: "nonsense" }],
  ];

  test.each(wrong)("can't be made of %s", async (_what, options) => {
    expect(() => serverContext(options)).toThrow(ArgumentError);
    await using pair = await acceptedConnection();
    expect(await failureOf(pair.connection.acceptTls(options))).toBeInstanceOf(ArgumentError);
    expect(pair.connection.destroyed).toBe(true);
  });
});
