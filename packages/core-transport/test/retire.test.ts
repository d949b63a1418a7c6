// `retire`: a server that shuts down takes no further request, and loses none that was begun.
import { connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { failureOf } from "@netcli/test-kit";
import { ConnectionClosedError, TimeoutError } from "../src/index.ts";
import { acceptedConnection, send } from "./accepted.ts";
import { noSocketLeft } from "./leaks.ts";
import { bytesReceived, identity, trust } from "./peers.ts";

afterEach(noSocketLeft);

describe("a retired connection", () => {
  test("gives undefined to whoever waits for a line, and goes on working", async () => {
    await using pair = await acceptedConnection();
    const { connection } = pair;
    const waiting = [connection.readLine(), connection.readLine()];
    connection.retire();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(connection.destroyed).toBe(false);
    await connection.writeLine("421 shutting down");
    await connection.flush();
  });

  test("gives undefined to whoever asks for a line later", async () => {
    await using pair = await acceptedConnection();
    pair.connection.retire();
    pair.connection.retire();
    expect(await pair.connection.readLine()).toBeUndefined();
    const { signal } = new AbortController();
    expect(await pair.connection.readLine({ signal })).toBeUndefined();
    for await (const _ of pair.connection.lines()) expect.unreachable();
  });

  test("still gives the lines that were received before", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await send(client, "one\r\ntwo\r\nthrée\r\n");
    await bytesReceived(connection, 17);
    connection.retire();
    const lines: string[] = [];
    for await (const line of connection.lines()) lines.push(line);
    expect(lines).toEqual(["one", "two", "thrée"]);
  });

  test.each(["someone waits for it already", "nobody waits for it yet"])(
    "still waits for the end of a line that was begun; %s",
    async (when) => {
      await using pair = await acceptedConnection();
      const { connection, client } = pair;
      await send(client, "HEL");
      await bytesReceived(connection, 3);
      const early = when.startsWith("someone") ? connection.readLine() : undefined;
      connection.retire();
      const line = early ?? connection.readLine();
      await send(client, "LO\r\n");
      expect(await line).toBe("HELLO");
      expect(await connection.readLine()).toBeUndefined();
    },
  );

  test("still waits for the end of a line that was begun behind one that is complete", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await send(client, "complete\r\nHEL");
    await bytesReceived(connection, 13);
    connection.retire();
    expect(await connection.readLine()).toBe("complete");
    const line = connection.readLine();
    await send(client, "LO\r\n");
    expect(await line).toBe("HELLO");
    expect(await connection.readLine()).toBeUndefined();
  });

  test("does not wait for ever for the end of a line", async () => {
    await using pair = await acceptedConnection({ timeouts: { stall: 60 } });
    const { connection, client } = pair;
    await send(client, "HEL");
    await bytesReceived(connection, 3);
    connection.retire();
    const error = await failureOf(connection.readLine());
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "stall", message: "the peer did not end its line within 60 ms" });
  });

  test("fails like any other where the client ends within a line", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await send(client, "HEL");
    await bytesReceived(connection, 3);
    connection.retire();
    client.end();
    expect(await failureOf(connection.readLine())).toBeInstanceOf(ConnectionClosedError);
  });

  test.each([
    ["readExactly", "1234\r\n"],
    ["readBlock", "1234\r\n"],
    ["readToEnd", "1234\r\n.\r\n"],
  ] as const)("goes on with %s, begun or not", async (read, expected) => {
    for (const begun of ["", "1"]) {
      await using pair = await acceptedConnection();
      const { connection, client } = pair;
      const body =
        read === "readExactly"
          ? connection.readExactly(6).then((bytes) => Buffer.from(bytes).toString())
          : connection[read]().text();
      await send(client, begun);
      await bytesReceived(connection, begun.length);
      const line = connection.readLine();
      connection.retire();
      await send(client, "1234\r\n.\r\n".slice(begun.length));
      client.end();
      expect(await body).toBe(expected);
      // What came behind the content, came too late.
      expect(await line).toBeUndefined();
      expect(await connection.readLine()).toBeUndefined();
    }
  });

  test("gives no line that began to come later, however closely it followed", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await send(client, "a\r\nb");
    await bytesReceived(connection, 4);
    connection.retire();
    await send(client, "\r\nc\r\nd\r\n");
    expect(await connection.readLine()).toBe("a");
    expect(await connection.readLine()).toBe("b");
    expect(await connection.readLine()).toBeUndefined();
    expect(await connection.readLines()).toBeUndefined();
  });

  test("reads a block behind the command that was received before", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await send(client, "DATA\r\n");
    await bytesReceived(connection, 6);
    connection.retire();
    expect(await connection.readLine()).toBe("DATA");
    const block = connection.readBlock().text();
    await send(client, "text\r\n");
    await send(client, ".\r\n");
    expect(await block).toBe("text\r\n");
    expect(await connection.readLine()).toBeUndefined();
  });

  test("can still change over to TLS, and is retired behind it, too", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await send(client, "STARTTLS\r\n");
    await bytesReceived(connection, 10);
    connection.retire();
    expect(await connection.readLine()).toBe("STARTTLS");
    const secured = tlsConnect({ ...trust, socket: client, servername: "localhost" });
    await connection.acceptTls(identity);
    expect(await connection.readLine()).toBeUndefined();
    secured.destroy();
  });
});
