// What a server says where TLS begins (RFC 2595 4): nothing of it counts behind.
import { Duplex } from "node:stream";
import { ProtocolError, TimeoutError, TlsError } from "@netcli/core-transport";
import { failureOf, scriptedServer } from "@netcli/test-kit";
import { startPop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { Pop3Session } from "../src/index.ts";
import { answer, elsewhere, greet, greeted, identity, say, tlsOptions } from "./scripted-pop3.ts";

const goAhead = "+OK go\r\n";
const injection = "ERR_NETCLI_STARTTLS_INJECTION";
const login = { user: "ada", password: "p4ssw0rd" };
const asked = "CAPA\r\nSTLS\r\n";

const injected: [string, string][] = [
  ["a reply", "+OK fine\r\n"],
  ["half a reply", "+"],
  ["a reply without its end", "+OK injected"],
  ["an answer to CAPA", "+OK\r\nSASL PLAIN\r\n.\r\n"],
  ["a whole dialogue", "+OK\r\nSASL PLAIN\r\n.\r\n+OK in\r\n+OK 1 10\r\n"],
  ["a refusal", "-ERR [AUTH] no\r\n"],
  ["a line end", "\r\n"],
  ["half a line end", "\n"],
  ["a NUL", "\0"],
  ["the beginning of a TLS record", "\u0016\u0003\u0003"],
];

/** A peer that says what it is given within one turn of the event loop, each piece by itself, when it hears STLS. */
class Injector extends Duplex {
  heard = "";
  readonly #pieces: readonly string[];

  constructor(pieces: readonly string[]) {
    super();
    this.#pieces = pieces;
    this.push("+OK ready\r\n");
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.heard += chunk.toString("latin1");
    if (this.heard === "CAPA\r\n") this.push("+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n");
    if (this.heard === asked) for (const piece of this.#pieces) this.push(piece);
    done();
  }
}

describe("response injection behind STLS (CVE-2021-22947, CVE-2021-38084)", () => {
  test.each(injected)("of %s is found in every split", async (_what, bytes) => {
    const said = `${goAhead}${bytes}`;
    const splits = [Array.from(said), ...Array.from(said, (_, at) => [said.slice(0, at), said.slice(at)])];
    const wrong: string[] = [];
    for (const pieces of splits) {
      const peer = new Injector(pieces.filter((piece) => piece !== ""));
      const options = { host: "localhost", port: 110, proxy: async () => peer, ...login, tlsOptions };
      const error = await failureOf(Pop3Session.connect(options));
      const isRight = error instanceof TlsError && error.code === injection;
      if (!isRight || peer.heard !== asked)
        wrong.push(`${JSON.stringify(pieces)}: ${String(error)}, ${peer.heard}`);
    }
    expect(wrong).toEqual([]);
  });

  test.each(injected.slice(0, 6))(
    "of %s over TCP, in every split, is never believed",
    async (_what, bytes) => {
      const said = `${goAhead}${bytes}`;
      const wrong: string[] = [];
      for (let at = 1; at < said.length; at += 1) {
        await using server = await scriptedServer(async (peer) => {
          await greet(peer, "STLS");
          await peer.expect("STLS");
          await peer.sendSplit(said, [at]).catch(() => undefined);
          peer.end();
          await peer.closed;
        });
        const error = await failureOf(Pop3Session.connect({ ...elsewhere(server), ...login, tlsOptions }));
        await server.settled();
        const heard = server.received.toString("latin1");
        // Behind our part of the handshake it is no TLS record.
        const code = at < goAhead.length ? injection : "ERR_NETCLI_TLS";
        const isRight = error instanceof TlsError && [injection, code].includes(error.code);
        if (!isRight || /AUTH|USER|CAPA.*CAPA/s.test(heard))
          wrong.push(`at ${at}: ${String(error)}, ${heard}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test("ends a session that asked for it by the verb", async () => {
    await using fixture = await greeted(async (peer) => {
      await peer.expect("STLS");
      await peer.send(`${goAhead}+OK 1 10\r\n`);
      await peer.closed;
    });
    const { session } = fixture;
    expect(await failureOf(session.stls())).toMatchObject({ code: injection });
    expect(session.isOpen).toBe(false);
    expect(await failureOf(session.stat())).toMatchObject({ code: injection });
  });

  test("in opportunistic mode is no reason to go on in clear", async () => {
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "STLS");
      await peer.expect("STLS");
      await peer.send(`${goAhead}-ERR not now\r\n`);
      await peer.closed;
    });
    const options = { ...elsewhere(server), tls: "opportunistic", tlsOptions } as const;
    expect(await failureOf(Pop3Session.connect(options))).toMatchObject({ code: injection });
    await server.settled();
    expect(server.received.toString()).toBe(asked);
  });

  test("in front of the login is none: an answer to CAPA that comes with the greeting ends the session", async () => {
    await using server = await scriptedServer(async (peer) => {
      await say(peer, "+OK ready", "+OK", "SASL PLAIN", ".");
      await peer.closed;
    });
    expect(await failureOf(Pop3Session.connect({ ...elsewhere(server), ...login }))).toBeInstanceOf(
      ProtocolError,
    );
    await server.settled();
    expect(server.received.toString()).not.toMatch(/AUTH|USER|PASS/);
  });
});

test("nothing goes out behind STLS before the handshake is done, though it was asked for at once", async () => {
  await using server = await scriptedServer(async (peer) => {
    await greet(peer, "STLS", "PIPELINING");
    await peer.expect("STLS");
    // Whatever is sent along is here after a few turns.
    for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(peer.received.toString()).toBe(asked);
    await say(peer, "+OK");
    await peer.startTls(identity);
    await answer(peer, "CAPA", "+OK", ".");
    await answer(peer, "NOOP", "+OK");
    await peer.closed;
  });
  const session = await Pop3Session.connect({ host: server.host, port: server.port, tlsOptions });
  await session.capa();
  await Promise.all([session.stls(), session.capa(), session.noop()]);
  session.close();
  await server.close();
});

describe("what was offered before TLS", () => {
  test("is not known behind it, until the server is asked again", async () => {
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "STLS", "SASL PLAIN", "PIPELINING");
      await answer(peer, "STLS", "+OK");
      await peer.startTls(identity);
      await answer(peer, "CAPA", "+OK", "TOP", ".");
      await peer.closed;
    });
    const { host, port } = server;
    const session = await Pop3Session.connect({ host, port, tlsOptions });
    await session.capa();
    expect(session.capabilities.has("PIPELINING")).toBe(true);
    await session.stls();
    expect([...session.capabilities.entries()]).toEqual([]);
    await session.capa();
    expect([...session.capabilities.entries()]).toEqual([["TOP", ""]]);
    session.close();
    await server.close();
  });

  test.each([
    ["nothing", ["+OK", "."]],
    ["CAPA is unknown", ["-ERR what"]],
  ])("is no mechanism to be tried where behind it there is %s", async (_what, capabilities) => {
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "STLS", "SASL PLAIN LOGIN");
      await answer(peer, "STLS", "+OK");
      await peer.startTls(identity);
      await answer(peer, "CAPA", ...capabilities);
      await answer(peer, "USER ada", "-ERR no");
      await answer(peer, "QUIT", "+OK");
    });
    await failureOf(Pop3Session.connect({ ...elsewhere(server), ...login, tlsOptions }));
    await server.settled();
    expect(server.received.toString()).not.toMatch(/AUTH/);
  });
});

test("a handshake that stops in the middle is a TimeoutError", async () => {
  await using server = await scriptedServer(async (peer) => {
    await greet(peer, "STLS");
    await answer(peer, "STLS", "+OK");
    await peer.read(5);
    await peer.closed;
  });
  const timeouts = { connect: 200, close: 100 };
  const options = { ...elsewhere(server), ...login, tlsOptions, timeouts };
  expect(await failureOf(Pop3Session.connect(options))).toBeInstanceOf(TimeoutError);
});

describe("implicit TLS", () => {
  const users = { ada: "p4ssw0rd" };

  test("logs in, and the certificate is verified", async () => {
    await using server = await startPop3Server({ users, tls: identity, tlsMode: "implicit" });
    const { host, port } = server;
    await using session = await Pop3Session.connect({ host, port, ...login, tls: "implicit", tlsOptions });
    expect(await session.stat()).toEqual({ count: 0, size: 0 });
    expect(server.sessions[0]?.isSecure).toBe(true);
  });

  test("a certificate that nobody knows is refused before anything is said", async () => {
    await using server = await startPop3Server({ users, tls: identity, tlsMode: "implicit" });
    const { host, port } = server;
    expect(await failureOf(Pop3Session.connect({ host, port, ...login, tls: "implicit" }))).toBeInstanceOf(
      TlsError,
    );
    expect(server.commands).toEqual([]);
  });

  test("a server that expects it is told so", async () => {
    await using server = await startPop3Server({ users });
    const { host, port } = server;
    const options = { host, port, ...login, tls: "implicit", timeouts: { connect: 1_000 } } as const;
    expect(await failureOf(Pop3Session.connect(options))).toBeInstanceOf(TlsError);
  });
});
