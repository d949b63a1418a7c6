// TLS put over a connection that speaks in clear: nothing from before counts, nothing goes out in clear behind it.
import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { type Script, type ScriptedPeer, scriptedServer, failureOf, gate } from "@netcli/test-kit";
import { connect, type Connection, TimeoutError, TlsError, type TraceEvent } from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { bytesReceived, echo, identity, trust } from "./peers.ts";

afterEach(noSocketLeft);

/** A script that answers STARTTLS with `answer` and goes on with `next`. */
function answering(answer: string, next: (peer: ScriptedPeer) => Promise<void>): Script {
  return async (peer) => {
    await peer.expect("STARTTLS");
    await peer.send(answer);
    await next(peer);
  };
}

const silent = (peer: ScriptedPeer): Promise<void> => peer.closed;

async function ready(port: number, connectTimeout = 5_000): Promise<Connection> {
  const timeouts = { connect: connectTimeout };
  const connection = await connect({ host: "localhost", port, family: 4, timeouts });
  await connection.writeLine("STARTTLS");
  expect(await connection.readLine()).toBe("220 go");
  return connection;
}

async function gone(connection: Connection): Promise<void> {
  expect(connection.destroyed).toBe(true);
  await connection.closed;
  await nothingLeft();
}

describe("bytes behind the go-ahead", () => {
  test.each([
    ["a line in the same segment", "220 go\r\n250 INJECTED\r\n", ""],
    ["a fragment in the same segment", "220 go\r\nE", ""],
    ["a line in a segment of its own", "220 go\r\n", "250 INJECTED\r\n"],
    ["a fragment in a segment of its own", "220 go\r\n", "E"],
  ])("are refused before a handshake begins: %s", async (_what, answer, later) => {
    const { opened, open } = gate();
    await using server = await scriptedServer(
      answering(answer, async (peer) => {
        await opened;
        if (later !== "") await peer.send(later);
        await peer.closed;
      }),
    );
    const connection = await ready(server.port);
    open();
    await bytesReceived(connection, answer.length + later.length);
    const error = await failureOf(connection.startTls(trust));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_STARTTLS_INJECTION" });
    await gone(connection);
    await expect(connection.readLine()).rejects.toBe(error);
    await server.settled();
    expect(server.received.toString()).toBe("STARTTLS\r\n");
  });

  test.each([
    ["a line", "250 INJECTED\r\n", silent],
    ["a fragment that a handshake follows", "25", (peer) => peer.startTls(identity)],
  ] satisfies [string, string, typeof silent][])(
    "break the handshake if it has begun: %s",
    async (_what, later, next) => {
      const { opened, open } = gate();
      await using server = await scriptedServer(
        answering("220 go\r\n", async (peer) => {
          await opened;
          await peer.send(later);
          await next(peer);
        }),
      );
      const connection = await ready(server.port);
      const upgrade = failureOf(connection.startTls(trust));
      open();
      const error = await upgrade;
      expect(error).toBeInstanceOf(TlsError);
      expect(error).toMatchObject({ code: "ERR_NETCLI_TLS" });
      await gone(connection);
    },
  );
});

describe("a handshake", () => {
  test("that never ends runs into the connect timeout", async () => {
    await using server = await scriptedServer(answering("220 go\r\n", silent));
    const connection = await ready(server.port, 60);
    const error = await failureOf(connection.startTls(trust));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "tls", milliseconds: 60, message: "no TLS handshake within 60 ms" });
    await gone(connection);
  });

  test("is given up when the peer closes", async () => {
    await using server = await scriptedServer(answering("220 go\r\n", () => Promise.resolve()));
    const connection = await ready(server.port);
    const error = await failureOf(connection.startTls(trust));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: "localhost closed the connection during the TLS handshake" });
    await gone(connection);
  });

  test.each([new Error("enough"), "enough", null])(
    "is given up with the signal's reason: %s",
    async (reason) => {
      const controller = new AbortController();
      const { signal } = controller;
      await using server = await scriptedServer(
        answering("220 go\r\n", async (peer) => {
          await peer.read(1);
          controller.abort(reason);
          await peer.closed;
        }),
      );
      const connection = await ready(server.port);
      expect(await failureOf(connection.startTls(trust, { signal }))).toBe(reason);
      expect(getEventListeners(signal, "abort")).toEqual([]);
      await gone(connection);
    },
  );

  test("does not begin if the signal was aborted before", async () => {
    await using server = await scriptedServer(answering("220 go\r\n", silent));
    const connection = await ready(server.port);
    expect(await failureOf(connection.startTls(trust, { signal: AbortSignal.abort("no") }))).toBe("no");
    await gone(connection);
    await server.settled();
    expect(server.received.toString()).toBe("STARTTLS\r\n");
  });

  test("is over at once when the connection is destroyed", async () => {
    const { opened, open } = gate();
    await using server = await scriptedServer(
      answering("220 go\r\n", async (peer) => {
        await peer.read(1);
        open();
        await peer.closed;
      }),
    );
    const connection = await ready(server.port);
    const upgrade = failureOf(connection.startTls(trust));
    await opened;
    const reason = new Error("enough");
    connection.destroy(reason);
    expect(await upgrade).toBe(reason);
    await gone(connection);
  });

  test("leaves neither a timer nor a listener behind", async () => {
    const upgraded = answering("220 go\r\n", async (peer) => {
      await peer.startTls(identity);
      await peer.closed;
    });
    await using server = await scriptedServer(upgraded);
    await using connection = await ready(server.port);
    const { signal } = new AbortController();
    await connection.startTls(trust, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await nothingLeft("TCPSocketWrap", "TCPSocketWrap");
  });
});

describe("an upgraded connection", () => {
  const upgraded = answering("220 go\r\n", async (peer) => {
    await peer.startTls(identity);
    await echo(peer);
  });

  test("carries lines and blocks as before, ends politely, and says in the trace what it did", async () => {
    await using server = await scriptedServer(upgraded);
    const events: TraceEvent[] = [];
    const trace = (event: TraceEvent): void => {
      events.push(event);
    };
    const connection = await connect({ host: "localhost", port: server.port, trace });
    await connection.writeLine("STARTTLS");
    await connection.readLine();
    expect(connection.tls).toBeUndefined();
    await connection.startTls({ ...trust, minVersion: "TLSv1.3" });
    expect(connection.tls?.authorized).toBe(true);
    expect(connection.socket).toBe(connection.tls);
    await connection.writeLine("one");
    expect(await connection.readLine()).toBe("one");
    await connection.writeBlock("two\r\n.three");
    expect(await connection.readBlock().text()).toBe("two\r\n.three\r\n");
    connection.end();
    expect(await connection.readLine()).toBeUndefined();
    await connection.close();
    expect(events.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      `event connected to localhost:${server.port}`,
      "sent STARTTLS",
      "received 220 go",
      "event TLS: TLSv1.3",
      "sent one",
      "received one",
      "event closed",
    ]);
  });

  test("takes what is written during the handshake for the time behind it", async () => {
    await using server = await scriptedServer(upgraded);
    await using connection = await ready(server.port);
    const upgrade = connection.startTls(trust);
    const early = [connection.writeLine("PASS secret"), connection.write("more\r\n")];
    await Promise.all([upgrade, ...early]);
    await connection.writeLine("late");
    const lines = [await connection.readLine(), await connection.readLine(), await connection.readLine()];
    expect(lines).toEqual(["PASS secret", "more", "late"]);
  });

  test("fails what was written during a handshake that failed", async () => {
    await using server = await scriptedServer(answering("220 go\r\n", (peer) => peer.startTls(identity)));
    await using connection = await ready(server.port);
    const upgrade = failureOf(connection.startTls());
    const early = failureOf(connection.write("x".repeat(100_000)));
    expect(await upgrade).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
    expect(await early).toBe(await upgrade);
  });

  test("may have read ahead lines before, as long as they were taken", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.send("220 hello\r\n220 go\r\n");
      await peer.startTls(identity);
      await echo(peer);
    });
    await using connection = await connect({ host: "localhost", port: server.port });
    await bytesReceived(connection, 19);
    expect([await connection.readLine(), await connection.readLine()]).toEqual(["220 hello", "220 go"]);
    await connection.startTls(trust);
    await connection.writeLine("through");
    expect(await connection.readLine()).toBe("through");
  });
});
