// TLS 1.2 and 1.3, from the first byte and by an upgrade: no byte is lost, and sessions resume where they may.
import { failureOf } from "@netcli/test-kit";
import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { Script } from "@netcli/test-kit";
import { type TlsOptions, TlsTickets } from "../src/index.ts";
import { noSocketLeft } from "./leaks.ts";
import { authority, echo, identity, pattern, trust } from "./peers.ts";
import { secure, secured, type Way, ways } from "./tls-ways.ts";

afterEach(noSocketLeft);

const versions = ["TLSv1.2", "TLSv1.3"] as const;
const kinds = ways.flatMap((way) => versions.map((version) => ({ way, version })));
const misnamed = authority.issue({ names: ["other.example"] });

test.each(kinds)(
  "$version, $way, carries 5 MiB both ways at the same time, byte for byte",
  async ({ way, version }) => {
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
  },
);

/** Tells whether it resumed. */
const script: Script = async (peer) => {
  await peer.send(`${peer.tls?.isSessionReused()}\r\n`);
  await peer.closed;
};

/** Whether the server resumed; waits for a ticket, which TLS 1.3 sends behind the handshake. */
async function resumption(
  way: Way,
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

describe.each(kinds)("$version, $way, resumes a session", ({ way, version }) => {
  const tls = { ...identity, ticketKeys: randomBytes(48), minVersion: version, maxVersion: version };
  const resumed = resumption.bind(undefined, way);

  test("with the same tickets again and again, on another port, too", async () => {
    await using server = await secured(way, script, tls);
    await using second = await secured(way, script, tls);
    const options = { ...trust, tickets: new TlsTickets() };
    expect(await resumed("localhost", server.port, options)).toBe("false");
    expect(await resumed("localhost", server.port, options)).toBe("true");
    expect(await resumed("localhost", second.port, options)).toBe("true");
    expect(await resumed("localhost", server.port, { ...trust, tickets: new TlsTickets() })).toBe("false");
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
