// Ctrl-C and SIGTERM: who is idle is sent away at once, who waits for an answer gets it.
import type { Connection } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { answerOf, ask, connectTo, startServer, type StartedServer } from "./program.ts";

// Handlers get ten seconds.
const SOONER_THAN_THE_DEADLINE = 8_000;

const ways = [
  ["--style handler", ["--style", "handler"]],
  ["--style stream", ["--style", "stream"]],
  ["--style protocol", ["--style", "protocol"]],
  ["--workers 2", ["--workers", "2"]],
] as const;

/** A client of which the server has the first half of a line. */
async function midway(server: StartedServer): Promise<Connection> {
  const client = await connectTo(server);
  // They come in one piece: when the first is answered, the half is there, too.
  await client.write("whole\r\nfirst half");
  expect(answerOf(await client.readLine())).toBe("whole");
  return client;
}

describe("a timestamp-server that is stopped", { timeout: 30_000 }, () => {
  describe.each(["SIGINT", "SIGTERM"] as const)("by %s", (signal) => {
    test.each(ways)("sends idle clients away at once and ends with 0: %s", async (_way, args) => {
      await using server = await startServer(args);
      const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(server)));
      for (const client of clients.slice(1)) expect(await ask(client, "hello")).toBe("hello");
      const begin = performance.now();
      const ended = server.program.kill(signal);
      for (const client of clients) expect(await client.readLine()).toBeUndefined();
      await Promise.all(clients.map((client) => client.close()));
      const { code, stdout, stderr } = await ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/\nstopping; Ctrl-C again cuts what is still connected\n$/);
      expect(performance.now() - begin).toBeLessThan(SOONER_THAN_THE_DEADLINE);
    });
  });

  test.each(ways.filter(([way]) => way !== "--style protocol"))(
    "answers a line of which it has a part, and then ends: %s",
    async (_way, args) => {
      await using server = await startServer(args);
      await using client = await midway(server);
      const ended = server.program.kill("SIGINT");
      await server.program.stdout.shows("stopping;");
      await client.write(" and second half\r\n");
      expect(answerOf(await client.readLine())).toBe("first half and second half");
      expect(await client.readLine()).toBeUndefined();
      await client.close();
      expect((await ended).code).toBe(0);
    },
  );

  test.each(ways.filter(([way]) => way !== "--style protocol"))(
    "is cut by a second signal, and ends with 130: %s",
    async (_way, args) => {
      await using server = await startServer(args);
      await using client = await midway(server);
      const begin = performance.now();
      server.program.child.kill("SIGINT");
      await server.program.stdout.shows("stopping;");
      const { code, stderr } = await server.program.kill("SIGINT");
      expect(code).toBe(130);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(performance.now() - begin).toBeLessThan(SOONER_THAN_THE_DEADLINE);
      expect(await client.readLine()).toBeUndefined();
    },
  );
});
