// What is sent, and what is shown of the answer.
import { openDatagram } from "@netcli/core-transport";
import { type ScriptedServer, type ScriptedServerOptions, scriptedServer, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { run, start } from "./program.ts";

/** Answers one line of each connection with what the function makes of it. */
function answering(
  answer: (line: string) => string,
  options?: ScriptedServerOptions,
): Promise<ScriptedServer> {
  return scriptedServer(async (peer) => {
    const line = Buffer.from(await peer.readLine(), "latin1").toString("utf8");
    await peer.send(answer(line));
    await peer.closed;
  }, options);
}

describe("timestamp-client", { timeout: 30_000 }, () => {
  test.each([["--message"], ["-m"]])("sends what %s says and shows the answer", async (option) => {
    await using server = await answering((line) => `[now] ${line}\r\n`);
    const outcome = await run(["127.0.0.1", String(server.port), option, "hello, 東京"], "not sent\n");
    expect(outcome).toEqual({ code: 0, stdout: "[now] hello, 東京\n", stderr: "" });
    expect(server.received.toString("utf8")).toBe("hello, 東京\r\n");
  });

  test("sends an empty message, too", async () => {
    await using server = await answering((line) => `[now] ${line}\r\n`);
    const outcome = await run(["--port", String(server.port), "--message", ""]);
    expect(outcome).toEqual({ code: 0, stdout: "[now] \n", stderr: "" });
  });

  test("takes host and port as arguments or as options", async () => {
    await using server = await answering(() => "yes\r\n");
    const port = String(server.port);
    for (const args of [
      ["localhost", port],
      ["127.0.0.1", "--port", port],
      ["--host", "localhost", "--port", port],
    ]) {
      expect(await run([...args, "-m", "x"])).toEqual({ code: 0, stdout: "yes\n", stderr: "" });
    }
  });

  test("sends each line that is piped over a connection of its own, without a prompt", async () => {
    await using server = await answering((line) => `[now] ${line}\r\n`);
    const outcome = await run(["127.0.0.1", String(server.port)], "one\r\ntwo\n\nlast, unfinished");
    expect(outcome).toEqual({
      code: 0,
      stdout: "[now] one\n[now] two\n[now] \n[now] last, unfinished\n",
      stderr: "",
    });
    expect(server.connections).toBe(4);
  });

  test("answers a line before the next one is there", async () => {
    await using server = await answering((line) => `[now] ${line}\r\n`);
    await using program = start(["127.0.0.1", String(server.port)], { input: null });
    program.type("one\n");
    await program.stdout.shows("[now] one\n");
    program.type("two\n");
    await program.stdout.shows("[now] two\n");
    program.child.stdin.end();
    expect((await program.outcome).code).toBe(0);
  });

  test("sends nothing where there is nothing to read", async () => {
    await using server = await answering(() => "yes\r\n");
    const outcome = await run(["127.0.0.1", String(server.port)]);
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(server.connections).toBe(0);
  });

  test.each([
    ["with LF", "[now] hello\n"],
    ["with CRLF", "[now] hello\r\n"],
    ["with the connection", "[now] hello"],
  ])("shows an answer that ends %s", async (_how, answer) => {
    await using server = await scriptedServer(async (peer) => {
      await peer.readLine();
      await peer.sendSplit(answer);
      peer.end();
      await peer.closed;
    });
    const outcome = await run(["127.0.0.1", String(server.port), "-m", "hello"]);
    expect(outcome).toEqual({ code: 0, stdout: "[now] hello\n", stderr: "" });
  });

  test("does not let the answer steer the terminal", async () => {
    await using server = await answering(() => "\u001B[2J\u001B]0;title\u0007\u009B31m\u0008\tend\r\n");
    const { code, stdout } = await run(["127.0.0.1", String(server.port), "-m", "hello"]);
    expect(code).toBe(0);
    expect(stdout).toBe("\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\x08\\x09end\n");
  });

  test("talks to a Unix socket", async () => {
    await using folder = await tempDir();
    const path = folder.file("socket");
    await using server = await answering((line) => `[now] ${line}\r\n`, { path });
    const outcome = await run(["--unix", path], "one\ntwo\n");
    expect(outcome).toEqual({ code: 0, stdout: "[now] one\n[now] two\n", stderr: "" });
    expect(server.connections).toBe(2);
  });

  test("sends datagrams, and shows each answer without its end and without control characters", async () => {
    await using socket = await openDatagram({ host: "127.0.0.1" });
    const serving = (async () => {
      for await (const { data, from } of socket) {
        const text = `[now] ${Buffer.from(data).toString("utf8")}\u001B[2J\r\n`;
        await socket.send(text, { host: from.address, port: from.port });
      }
    })();
    const outcome = await run(["--udp", "127.0.0.1", String(socket.address.port)], "one\n\nGrüße");
    expect(outcome).toEqual({
      code: 0,
      stdout: "[now] one\\x1b[2J\n[now] \\x1b[2J\n[now] Grüße\\x1b[2J\n",
      stderr: "",
    });
    await socket.close();
    await serving;
  });

  test("ends when nobody reads the answers any more", async () => {
    await using server = await answering((line) => `[now] ${line}\r\n`);
    await using program = start(["127.0.0.1", String(server.port)], { input: null });
    program.type("one\n");
    await program.stdout.shows("[now] one\n");
    program.child.stdout.destroy();
    program.type("two\nthree\nfour\n");
    const { code, stderr } = await program.outcome;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: "timestamp-client: nobody reads the answers any more\n",
    });
  });
});
