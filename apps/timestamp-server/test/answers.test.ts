// What clients are answered, in each style and over each kind of socket.
import { openDatagram } from "@netcli/core-transport";
import { tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { answerOf, ask, connectTo, STAMP, startServer } from "./program.ts";

const styles = [["handler"], ["stream"], ["protocol"]];

describe.each(styles)("timestamp-server --style %s", { timeout: 30_000 }, (style) => {
  test("answers each line with the local time and the line", async () => {
    await using server = await startServer(["--style", style]);
    expect(server.address).toBe(`127.0.0.1:${server.port}`);
    await using client = await connectTo(server);
    const before = Math.floor(Date.now() / 1_000) * 1_000;
    await client.writeLine("hello");
    const answer = (await client.readLine()) ?? "";
    expect(answer).toMatch(STAMP);
    const said = Date.parse(answer.slice(1, answer.indexOf("]")));
    expect(said).toBeGreaterThanOrEqual(before);
    expect(said).toBeLessThanOrEqual(Date.now());
    expect(answerOf(answer)).toBe("hello");
    expect(await ask(client, "and again")).toBe("and again");
  });

  test("answers lines that end with LF and with CRLF, empty ones too, always with CRLF", async () => {
    await using server = await startServer(["--style", style]);
    await using client = await connectTo(server);
    await client.write("one\ntwo\r\n\n\r\nlast\n");
    client.end();
    const pieces: Uint8Array[] = [];
    for await (const piece of client.readToEnd()) pieces.push(piece);
    const answers = Buffer.concat(pieces).toString("utf8").split("\r\n");
    expect(answers.pop()).toBe("");
    expect(answers.map(answerOf)).toEqual(["one", "two", "", "", "last"]);
  });

  test("gives back letters of any alphabet, and control characters as they are", async () => {
    await using server = await startServer(["--style", style]);
    await using client = await connectTo(server);
    for (const line of ["Grüße aus 東京 🚀", "\u001B[2Jtab\there", "a\0b", "a\rb"]) {
      await client.write(`${line}\n`);
      expect(answerOf(await client.readLine())).toBe(line);
    }
  });

  test("serves several clients at the same time", async () => {
    await using server = await startServer(["--style", style]);
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectTo(server)));
    // The last one first: nobody waits for those who came earlier and say nothing.
    for (const [index, client] of [...clients.entries()].toReversed()) {
      expect(await ask(client, `client ${index}`)).toBe(`client ${index}`);
    }
    await Promise.all(clients.map((client) => client.close()));
  });

  test("says where it listens, and who comes, in the words of the books", async () => {
    await using server = await startServer(["--style", style]);
    await using client = await connectTo(server);
    expect(await ask(client, "hello")).toBe("hello");
    const { localPort } = client.socket as { localPort?: number };
    const { stdout, stderr } = await server.program.kill("SIGINT");
    expect(stderr).toBe("");
    expect(stdout.split("\n").slice(0, 3)).toEqual([
      `listening on 127.0.0.1:${server.port} (TCP, style ${style})`,
      "waiting for connection...",
      `...connected from: ('127.0.0.1', ${localPort})`,
    ]);
  });

  test("listens on a Unix socket, and leaves none behind", async () => {
    await using folder = await tempDir();
    const path = folder.file("socket");
    await using server = await startServer(["--style", style, "--unix", path]);
    expect(server.address).toBe(path);
    await using client = await connectTo(server);
    expect(await ask(client, "hello")).toBe("hello");
    const { code, stdout } = await server.program.kill("SIGINT");
    expect(code).toBe(0);
    expect(stdout).toContain("...connected from: a Unix socket\n");
    // Nothing is in the way of the next one.
    await using next = await startServer(["--style", style, "--unix", path]);
    expect(next.address).toBe(path);
  });

  test("listens on IPv6 where that is asked for", async () => {
    await using server = await startServer(["--style", style, "--host", "::1"]);
    expect(server.address).toBe(`[::1]:${server.port}`);
  });

  test("goes on when nobody reads what it says any more", async () => {
    await using server = await startServer(["--style", style]);
    server.program.child.stdout.destroy();
    server.program.child.stderr.destroy();
    for (const line of ["one", "two", "three"]) {
      await using client = await connectTo(server);
      expect(await ask(client, line)).toBe(line);
    }
    expect((await server.program.kill("SIGINT")).code).toBe(0);
  });

  test("says in one line who sent too much, and goes on", async () => {
    await using server = await startServer(["--style", style]);
    await using rude = await connectTo(server);
    await rude.write("x".repeat(100_000));
    await rude.closed;
    await using client = await connectTo(server);
    expect(await ask(client, "hello")).toBe("hello");
    const { stderr } = await server.program.kill("SIGINT");
    expect(stderr).toMatch(/^timestamp-server: \('127\.0\.0\.1', \d+\): .*line.*\n$/);
  });
});

describe.each([["handler"], ["stream"]])(
  "timestamp-server --udp --style %s",
  { timeout: 30_000 },
  (style) => {
    test("answers each datagram with the time and what it held", async () => {
      await using server = await startServer(["--udp", "--style", style]);
      await using socket = await openDatagram({ peer: { host: "127.0.0.1", port: server.port } });
      for (const text of ["hello", "with an end\r\n", "", "x".repeat(20_000)]) {
        await socket.send(text);
        const { data } = await socket.receive({ timeout: 10_000 });
        expect(answerOf(Buffer.from(data).toString("utf8"))).toBe(text);
      }
      const { code, stdout, stderr } = await server.program.kill("SIGINT");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain(`(UDP, style ${style})\nwaiting for message...\n`);
      expect(stdout).toContain(`...received from: ('127.0.0.1', ${socket.address.port})\n`);
    });

    test("says in one line what is too large to be answered, and goes on", async () => {
      await using server = await startServer(["--udp", "--style", style]);
      await using socket = await openDatagram({ peer: { host: "127.0.0.1", port: server.port } });
      await socket.send("x".repeat(65_500));
      await server.program.stderr.shows("too large");
      await socket.send("hello");
      const { data } = await socket.receive({ timeout: 10_000 });
      expect(answerOf(Buffer.from(data).toString("utf8"))).toBe("hello");
      expect(server.program.stderr.text).toMatch(
        /^timestamp-server: \('127\.0\.0\.1', \d+\): .*too large\n$/,
      );
    });
  },
);
