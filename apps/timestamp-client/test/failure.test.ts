// Servers that do not answer: the exit code, and one line that says why.
import { EventEmitter, once } from "node:events";
import { openDatagram } from "@netcli/core-transport";
import { closedPort, type Script, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { run, start } from "./program.ts";

describe("timestamp-client ends with 3", { timeout: 30_000 }, () => {
  test.each([[[]], [["--udp"]]])("when there is no such host: %j", async (args) => {
    const { code, stdout, stderr } = await run([...args, "nonexistent.invalid", "-m", "hello"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^timestamp-client: .*nonexistent\.invalid.*\n$/);
  });

  test.each([
    [[], "nothing listens there"],
    [["--udp"], "can't be reached"],
  ])("when nobody listens on the port: %j", async (args, sentence) => {
    const port = String(await closedPort());
    const { code, stdout, stderr } = await run([...args, "127.0.0.1", port, "-m", "hello"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^timestamp-client: .*\n$/);
  });

  test("when there is no such Unix socket", async () => {
    const { code, stdout, stderr } = await run(["--unix", "/nonexistent/socket", "-m", "hello"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^timestamp-client: .*no such socket.*\n$/);
  });

  test("at the first line, although more are piped", async () => {
    const port = String(await closedPort());
    await using program = start(["127.0.0.1", port], { input: null });
    program.type("one\ntwo\n");
    const { code, stdout, stderr } = await program.outcome;
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^timestamp-client: .*\n$/);
  });
});

describe("timestamp-client ends with 2", { timeout: 30_000 }, () => {
  test("at a line that holds a NUL, and sends nothing of it", async () => {
    await using server = await scriptedServer((peer) => peer.send("yes\r\n"));
    const { code, stdout, stderr } = await run(["127.0.0.1", String(server.port)], "one\ntwo\0\nthree\n");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "yes\n" });
    expect(stderr).toBe("timestamp-client: the line contains a NUL; nothing was sent\n");
    expect(server.received.toString()).toBe("one\r\n");
  });
});

describe("timestamp-client ends with 8", { timeout: 30_000 }, () => {
  const breakdowns: [string, Script, string][] = [
    ["never answers", (peer) => peer.closed, "sent nothing for 200 ms"],
    [
      "begins to answer and stops",
      async (peer) => {
        await peer.send("[now");
        await peer.closed;
      },
      "did not end its line within 200 ms",
    ],
    [
      "closes the connection instead of answering",
      async (peer) => {
        await peer.readLine();
        peer.end();
      },
      "without an answer",
    ],
    [
      "resets the connection instead of answering",
      async (peer) => {
        await peer.readLine();
        peer.reset();
      },
      "ECONNRESET",
    ],
    [
      "answers without end",
      async (peer) => {
        await peer.readLine();
        await peer.send("x".repeat(100_000));
        await peer.closed;
      },
      "a line of more than",
    ],
  ];

  test.each(breakdowns)("when the server %s", async (_what, script, sentence) => {
    await using server = await scriptedServer(script);
    const args = ["--timeout", "0.2", "127.0.0.1", String(server.port), "-m", "hello"];
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 8, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^timestamp-client: .*\n$/);
  });

  test("when a datagram is not answered", async () => {
    await using socket = await openDatagram({ host: "127.0.0.1" });
    const args = ["--udp", "--timeout", "0.2", "127.0.0.1", String(socket.address.port), "-m", "hello"];
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 8, stdout: "" });
    expect(stderr).toMatch(/^timestamp-client: .*within 200 ms\n$/);
    expect(Buffer.from((await socket.receive()).data).toString()).toBe("hello");
  });
});

describe("an interrupted timestamp-client", { timeout: 30_000 }, () => {
  test.each([["SIGINT"], ["SIGTERM"]] as const)(
    "ends with 130 while it waits for an answer: %s",
    async (signal) => {
      const events = new EventEmitter();
      await using server = await scriptedServer(async (peer) => {
        await peer.readLine();
        events.emit("asked");
        await peer.closed;
      });
      const asked = once(events, "asked");
      await using program = start(["127.0.0.1", String(server.port), "-m", "hello"]);
      await asked;
      expect(await program.kill(signal)).toEqual({
        code: 130,
        stdout: "",
        stderr: "timestamp-client: interrupted\n",
      });
    },
  );

  test("ends with 130 while it waits for a line that is piped", async () => {
    await using server = await scriptedServer((peer) => peer.send("yes\r\n"));
    await using program = start(["127.0.0.1", String(server.port)], { input: null });
    program.type("one\n");
    await program.stdout.shows("yes\n");
    expect((await program.kill("SIGINT")).code).toBe(130);
  });
});
