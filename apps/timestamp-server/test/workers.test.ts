// Worker processes: they do the answering, and none of them is left behind.
import { openDatagram } from "@netcli/core-transport";
import { CTRL_C, hasPseudoTerminal, tempDir, Terminal } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { answerOf, ask, connectTo, main, READY, startServer } from "./program.ts";

/** The processes that have said that they serve someone. */
function servingProcesses(said: string): number[] {
  return [...said.matchAll(/ \(process (\d+)\)\r?$/gm)].map(([, pid]) => Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("timestamp-server --workers 2", { timeout: 30_000 }, () => {
  test("answers from two processes that are not its own, and that end with it", async () => {
    await using server = await startServer(["--workers", "2"]);
    await using one = await connectTo(server);
    await using two = await connectTo(server);
    expect(await ask(one, "hello")).toBe("hello");
    expect(await ask(two, "hello")).toBe("hello");
    const { stdout } = server.program;
    await stdout.shows(/(?:\(process \d+\)\n[^]*){2}/);
    const workers = servingProcesses(stdout.text);
    expect(new Set([...workers, server.program.child.pid]).size).toBe(3);
    expect(workers.every(isRunning)).toBe(true);
    expect(stdout.text).toContain("(TCP, style handler, 2 worker processes)\n");
    expect((await server.program.kill("SIGINT")).code).toBe(0);
    expect(workers.some(isRunning)).toBe(false);
  });

  test("answers over a Unix socket", async () => {
    await using folder = await tempDir();
    await using server = await startServer(["--workers", "2", "--unix", folder.file("socket")]);
    await using client = await connectTo(server);
    expect(await ask(client, "hello")).toBe("hello");
    await server.program.stdout.shows(/^\.\.\.connected from: a Unix socket \(process \d+\)$/m);
    expect((await server.program.kill("SIGINT")).code).toBe(0);
  });

  test("answers datagrams", async () => {
    await using server = await startServer(["--workers", "2", "--udp"]);
    await using socket = await openDatagram({ peer: { host: "127.0.0.1", port: server.port } });
    for (let count = 0; count < 10; count += 1) {
      await socket.send(`datagram ${count}`);
      const { data } = await socket.receive({ timeout: 10_000 });
      expect(answerOf(Buffer.from(data).toString("utf8"))).toBe(`datagram ${count}`);
    }
    const { code, stdout, stderr } = await server.program.kill("SIGINT");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(servingProcesses(stdout)).toHaveLength(10);
  });

  test("leaves no process behind when a second signal cuts it", async () => {
    await using server = await startServer(["--workers", "2"]);
    await using client = await connectTo(server);
    await client.write("whole\nhalf");
    expect(answerOf(await client.readLine())).toBe("whole");
    await server.program.stdout.shows(/\(process \d+\)\n/);
    server.program.child.kill("SIGINT");
    await server.program.stdout.shows("stopping;");
    expect((await server.program.kill("SIGINT")).code).toBe(130);
    expect(servingProcesses(server.program.stdout.text).some(isRunning)).toBe(false);
  });

  test("lives through the SIGTERM that all processes of a service get", async () => {
    await using server = await startServer(["--workers", "2"]);
    await using client = await connectTo(server);
    await client.write("whole\nfirst half");
    expect(answerOf(await client.readLine())).toBe("whole");
    const [, worker] = await server.program.stdout.shows(/\(process (\d+)\)\n/);
    process.kill(Number(worker), "SIGTERM");
    const ended = server.program.kill("SIGTERM");
    await server.program.stdout.shows("stopping;");
    await client.write(" and second half\n");
    expect(answerOf(await client.readLine())).toBe("first half and second half");
    await client.close();
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test.skipIf(!hasPseudoTerminal())(
    "lives through the Ctrl-C that all processes of a terminal get",
    async () => {
      const terminal = new Terminal(main, ["--workers", "2", "--port", "0"]);
      const [, address = ""] = await terminal.shows(READY);
      const port = Number(/:(\d+)$/.exec(address)?.[1]);
      await using client = await connectTo({ address, port });
      await client.write("whole\nfirst half");
      expect(answerOf(await client.readLine())).toBe("whole");
      terminal.type(CTRL_C);
      await terminal.shows("stopping;");
      await client.write(" and second half\n");
      expect(answerOf(await client.readLine())).toBe("first half and second half");
      expect(await client.readLine()).toBeUndefined();
      await client.close();
      expect(await terminal.ended()).toBe(0);
      const workers = servingProcesses(terminal.shown);
      expect(workers).toHaveLength(1);
      expect(workers.some(isRunning)).toBe(false);
    },
  );
});
