// Signals: the program ends at once, and leaves nothing behind.
import { EventEmitter, once } from "node:events";
import { readdir } from "node:fs/promises";
import { scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { fakeFtp, SIZE } from "./fake-ftp.ts";
import { failure, start } from "./program.ts";

describe("an interrupted ftp-download", { timeout: 30_000 }, () => {
  test.each([["SIGINT"], ["SIGTERM"]] as const)(
    "ends with 130 in the middle of a file: %s",
    async (signal) => {
      const events = new EventEmitter();
      await using server = await fakeFtp({
        transfer: async (_control, data) => {
          await data.send(Buffer.alloc(SIZE / 2));
          events.emit("middle");
          await data.closed;
        },
      });
      const { code, stdout, stderr } = await failure(async (cwd, output) => {
        const middle = once(events, "middle");
        const program = start(["-o", output, `${server.url}/file`], { cwd });
        await middle;
        expect((await readdir(cwd)).some((name) => name.endsWith(".part"))).toBe(true);
        return program.kill(signal);
      });
      expect({ code, stdout, stderr }).toEqual({
        code: 130,
        stdout: "",
        stderr: "ftp-download: interrupted; nothing was saved\n",
      });
    },
  );

  test("ends with 130 while it waits for a greeting", async () => {
    const events = new EventEmitter();
    await using silent = await scriptedServer((peer) => {
      events.emit("client");
      return peer.closed;
    });
    const { code } = await failure(async (cwd, output) => {
      const arrived = once(events, "client");
      const program = start(["-o", output, `ftp://127.0.0.1:${silent.port}/file`], { cwd });
      await arrived;
      return program.kill("SIGINT");
    });
    expect(code).toBe(130);
  });
});
