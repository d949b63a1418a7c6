// TLS from the first byte and by an upgrade: certificates, names, sessions, and that no byte is lost.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as tlsConnect } from "node:tls";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createAuthority,
  type Identity,
  type Script,
  type ScriptedServer,
  scriptedServer,
  type ScriptedServerOptions,
  selfSigned,
} from "@netcli/test-kit";
import {
  connect,
  type Connection,
  type ConnectOptions,
  TlsError,
  type TlsOptions,
  TlsTickets,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { authority, echo, failureOf, hello, identity, pattern, resolvesTo, trust } from "./peers.ts";

afterEach(noSocketLeft);

type ServerTls = NonNullable<ScriptedServerOptions["tls"]>;
type Way = "implicit" | "upgraded";
const ways: Way[] = ["implicit", "upgraded"];
const versions = ["TLSv1.2", "TLSv1.3"] as const;

/** A server that speaks TLS in this way and then follows the script. */
function secured(way: Way, script: Script, tls: ServerTls): Promise<ScriptedServer> {
  if (way === "implicit") return scriptedServer(script, { tls });
  return scriptedServer(async (peer, index) => {
    await peer.expect("STARTTLS");
    await peer.send("220 go\r\n");
    await peer.startTls(tls);
    await script(peer, index);
  });
}

async function secure(way: Way, options: ConnectOptions, tls: TlsOptions): Promise<Connection> {
  if (way === "implicit") return connect({ ...options, tls });
  const connection = await connect(options);
  await connection.writeLine("STARTTLS");
  expect(await connection.readLine()).toBe("220 go");
  await connection.startTls(tls);
  return connection;
}

const expired = authority.issue({ notAfter: new Date(Date.now() - 1_000) });
const future = authority.issue({ notBefore: new Date(Date.now() + 3_600_000) });
const misnamed = authority.issue({ names: ["other.example"] });
const alone = selfSigned();
const refused: [string, Identity, RegExp][] = [
  ["has expired", expired, /^the certificate of localhost has expired$/],
  ["is not yet valid", future, /^the certificate of localhost is not valid yet$/],
  ["is for another name", misnamed, /^the certificate is not for localhost: .*other\.example/],
  [
    "comes from an unknown authority",
    createAuthority("strangers").issue(),
    /UNABLE_TO_.*give its authority as "ca"/,
  ],
  ["is its own authority", alone, /DEPTH_ZERO_SELF_SIGNED_CERT.*give its authority as "ca"/],
];

describe.each(ways)("a certificate, TLS %s,", (way) => {
  test.each(refused)("is refused if it %s", async (_what, tls, message) => {
    await using server = await secured(way, hello, tls);
    const error = await failureOf(secure(way, { host: "localhost", port: server.port }, trust));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE", message: expect.stringMatching(message) });
    await nothingLeft();
  });

  test.each(refused)("is accepted by `insecure` if it %s", async (_what, tls) => {
    await using server = await secured(way, hello, tls);
    const options = { host: "localhost", port: server.port };
    await using connection = await secure(way, options, { insecure: true });
    expect(await connection.readLine()).toBe("220 hello");
    expect(connection.tls?.authorized).toBe(false);
  });

  test("is accepted if it is itself given as authority", async () => {
    await using server = await secured(way, hello, alone);
    await using connection = await secure(way, { host: "localhost", port: server.port }, { ca: alone.cert });
    expect(await connection.readLine()).toBe("220 hello");
  });

  test("is checked against the address where the host is one", async () => {
    await using server = await secured(way, hello, identity);
    await using connection = await secure(way, { host: "127.0.0.1", port: server.port }, trust);
    expect(await connection.readLine()).toBe("220 hello");
    await using other = await secured(way, hello, misnamed);
    const error = await failureOf(secure(way, { host: "127.0.0.1", port: other.port }, trust));
    expect(error).toMatchObject({
      message: expect.stringMatching(/^the certificate is not for 127\.0\.0\.1: /),
    });
  });

  test("is verified although NODE_TLS_REJECT_UNAUTHORIZED says no", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    try {
      await using server = await secured(way, hello, alone);
      const error = await failureOf(secure(way, { host: "localhost", port: server.port }, {}));
      expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
      // The variable does work for others.
      await using other = await scriptedServer(hello, { tls: alone });
      const socket = tlsConnect({ host: "127.0.0.1", port: other.port });
      await once(socket, "secureConnect");
      socket.destroy();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("is checked against `servername`, which is then what errors speak of", async () => {
    await using server = await secured(way, hello, misnamed);
    const options = { host: "127.0.0.1", port: server.port };
    await using connection = await secure(way, options, { ...trust, servername: "other.example" });
    expect(await connection.readLine()).toBe("220 hello");
    const error = await failureOf(secure(way, options, { ...trust, servername: "third.example" }));
    expect(error).toMatchObject({
      message: expect.stringMatching(/^the certificate is not for third\.example: /),
    });
  });

  test("is checked against a `servername` that is an address, too", async () => {
    await using server = await secured(way, hello, authority.issue({ names: ["192.0.2.7"] }));
    const options = { host: "localhost", port: server.port };
    await using connection = await secure(way, options, { ...trust, servername: "192.0.2.7" });
    expect(await connection.readLine()).toBe("220 hello");
    const error = await failureOf(secure(way, options, { ...trust, servername: "192.0.2.8" }));
    expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
  });

  test("is judged by the caller's own check if there is one", async () => {
    await using server = await secured(way, hello, misnamed);
    const options = { host: "localhost", port: server.port };
    const asked: string[] = [];
    const checkServerIdentity = (name: string): Error | undefined => {
      asked.push(name);
      return asked.length > 1 ? new Error("not today") : undefined;
    };
    await using connection = await secure(way, options, { ...trust, checkServerIdentity });
    expect(await connection.readLine()).toBe("220 hello");
    const error = await failureOf(secure(way, options, { ...trust, checkServerIdentity }));
    expect(error).toMatchObject({ name: "TlsError", message: expect.stringContaining("not today") });
    expect(asked).toEqual(["localhost", "localhost"]);
  });

  test.each<[string, TlsOptions, string | false]>([
    ["localhost", {}, "localhost"],
    ["127.0.0.1", {}, false],
    ["127.0.0.1", { servername: "Mail.Example" }, "mail.example"],
    ["localhost", { servername: "bücher.example" }, "xn--bcher-kva.example"],
    ["rooted.example.", {}, "rooted.example"],
  ])("is asked of %s with %j by the right SNI", async (host, tls, expected) => {
    const names: unknown[] = [];
    const script: Script = async (peer) => {
      names.push(peer.tls?.servername);
      await hello(peer);
    };
    await using server = await secured(way, script, identity);
    const options = {
      host,
      port: server.port,
      ...(host.includes("example") ? { lookup: resolvesTo("127.0.0.1") } : {}),
    };
    await using connection = await secure(way, options, { ...tls, insecure: true });
    expect(await connection.readLine()).toBe("220 hello");
    expect(names).toEqual([expected]);
  });
});

describe.each(ways.flatMap((way) => versions.map((version) => ({ way, version }))))(
  "$version, $way,",
  ({ way, version }) => {
    test("carries 5 MiB both ways at the same time, byte for byte", async () => {
      await using server = await secured(way, echo, {
        ...identity,
        minVersion: version,
        maxVersion: version,
      });
      await using connection = await secure(way, { host: "localhost", port: server.port }, trust);
      expect(connection.tls?.getProtocol()).toBe(version);
      const sent = pattern(5 * 1_048_576);
      const [received] = await Promise.all([
        connection.readExactly(sent.length),
        connection.writeContent([sent.subarray(0, 7), sent.subarray(7)]),
      ]);
      expect(sent.equals(received)).toBe(true);
      connection.end();
      expect(await connection.readLine()).toBeUndefined();
    });

    describe("resumes a session", () => {
      const tls = { ...identity, ticketKeys: randomBytes(48), minVersion: version, maxVersion: version };
      const script: Script = async (peer) => {
        await peer.send(`${peer.tls?.isSessionReused()}\r\n`);
        await peer.closed;
      };

      /** Whether the server resumed; waits for a ticket, which TLS 1.3 sends behind the handshake. */
      async function resumed(
        host: string,
        port: number,
        options: TlsOptions & { tickets: TlsTickets },
      ): Promise<string | undefined> {
        await using connection = await secure(way, { host, port }, options);
        const line = await connection.readLine();
        while (options.tickets.newest === undefined) await turn();
        expect(connection.tls?.isSessionReused()).toBe(line === "true");
        return line;
      }

      test("with the same tickets again and again, on another port, too", async () => {
        await using server = await secured(way, script, tls);
        await using second = await secured(way, script, tls);
        const options = { ...trust, tickets: new TlsTickets() };
        expect(await resumed("localhost", server.port, options)).toBe("false");
        expect(await resumed("localhost", server.port, options)).toBe("true");
        expect(await resumed("localhost", second.port, options)).toBe("true");
        expect(await resumed("localhost", server.port, { ...trust, tickets: new TlsTickets() })).toBe(
          "false",
        );
      });

      test("at another address under the same servername", async () => {
        await using server = await secured(way, script, tls);
        const options = { ...trust, servername: "localhost", tickets: new TlsTickets() };
        expect(await resumed("localhost", server.port, options)).toBe("false");
        expect(await resumed("127.0.0.1", server.port, options)).toBe("true");
      });

      test("only with the name that was verified", async () => {
        await using server = await secured(way, script, tls);
        const options = { ...trust, tickets: new TlsTickets() };
        expect(await resumed("localhost", server.port, options)).toBe("false");
        const error = await failureOf(
          resumed("localhost", server.port, { ...options, servername: "other.example" }),
        );
        expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
        expect(await resumed("127.0.0.1", server.port, options)).toBe("false");
      });

      test("only if it was verified", async () => {
        await using server = await secured(way, script, { ...tls, ...misnamed });
        const options = { ...trust, tickets: new TlsTickets() };
        expect(await resumed("localhost", server.port, { ...options, insecure: true })).toBe("false");
        const error = await failureOf(resumed("localhost", server.port, options));
        expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
        expect(await resumed("localhost", server.port, { ...options, insecure: true })).toBe("true");
      });
    });
  },
);
