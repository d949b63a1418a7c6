// A server that is shut down while hundreds of clients talk: no answer to a request that it has read is lost.
import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Connection } from "@netcli/core-transport";
import { createAuthority } from "@netcli/test-kit";
import { serve, type ServeOptions } from "../src/index.ts";
import { dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const CLIENTS = 200;
const BATCH = 20;

/** Sends requests in batches, with up to two of them unanswered, until the server ends. Gives the number of answers. */
async function talk(client: Connection): Promise<number> {
  const send = (): void => {
    const lines = Array.from({ length: BATCH }, (_, index) => `request ${index}\r\n`);
    // The server may have gone.
    client.write(lines.join("")).catch(() => undefined);
  };
  send();
  send();
  let answers = 0;
  for await (const line of client.lines()) {
    expect(line).toBe(`request ${answers % BATCH}`);
    answers += 1;
    if (answers % BATCH === 0) send();
  }
  await client.close();
  return answers;
}

const authority = createAuthority();

test.each<[string, ServeOptions]>([
  ["plain", {}],
  ["TLS", { tls: authority.issue() }],
  ["plain, and most of them wait their turn", { maxConnections: 50, refusal: "421 gone" }],
])(
  "%s",
  async (kind, options) => {
    const taken = new Map<number, number>();
    const told: unknown[] = [];
    const server = await serve(
      async (connection) => {
        const { remotePort = 0 } = connection;
        for await (const line of connection.lines()) {
          const count = (taken.get(remotePort) ?? 0) + 1;
          taken.set(remotePort, count);
          // Most are answered at once, some later.
          if (count % 7 === 0) await new Promise(setImmediate);
          await connection.writeLine(line);
        }
      },
      { onError: (error) => void told.push(error), ...options },
    );
    const tls = kind === "TLS" ? { ca: authority.certificate } : undefined;
    const served = options.maxConnections ?? CLIENTS;
    const clients = await Promise.all(Array.from({ length: served }, () => dial(server, { tls })));
    const talking = clients.map(async (client) => {
      const port = (client.socket as Socket).localPort ?? 0;
      return [port, await talk(client)] as const;
    });
    const isBusy = (): boolean => taken.size === served && [...taken.values()].every((count) => count > 100);
    while (!isBusy()) await new Promise(setImmediate);
    const others = await Promise.all(Array.from({ length: CLIENTS - served }, () => dial(server)));
    while (server.stats.queued < others.length) await new Promise(setImmediate);
    const start = performance.now();
    const ending = server.shutdown({ deadline: 20_000 });
    const sentAway = Promise.all(
      others.map(async (client) => {
        await using _ = client;
        return await client.readToEnd().text();
      }),
    );
    const answers = new Map(await Promise.all(talking));
    expect(await sentAway).toEqual(others.map(() => "421 gone\r\n"));
    await ending;
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(answers).toEqual(taken);
    expect(told).toEqual([]);
    expect(server.stats).toMatchObject({ active: 0, queued: 0, failed: 0, refused: others.length });
  },
  30_000,
);
