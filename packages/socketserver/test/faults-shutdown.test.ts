// The end of a server under load: no reply is lost of a request that a handler has read, and nobody holds it up.
import { existsSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createAuthority, tempDir } from "@netcli/test-kit";
import { afterAll, describe, expect, test } from "vitest";
import { type End, RawClient } from "./fault-clients.ts";
import { faces, idle } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const CLIENTS = 30;
// Requests on their way at a time.
const WINDOW = 4;
const DEADLINE = 300;

const tls = createAuthority().issue();

/** Sends a further request for each reply, until the server ends the connection. */
class Pipelining {
  /** Replies that came whole. */
  count = 0;
  readonly wrong: string[] = [];
  readonly #client: RawClient;
  readonly #request: string;
  #rest = "";

  constructor(client: RawClient, request: string) {
    this.#client = client;
    this.#request = request;
    client.socket.on("data", (chunk) => this.#received(chunk.toString("latin1")));
    void client.send(`${request}\r\n`.repeat(WINDOW));
  }

  #received(text: string): void {
    const lines = (this.#rest + text).split("\r\n");
    this.#rest = lines.pop() ?? "";
    this.wrong.push(...lines.filter((line) => line !== `re: ${this.#request}`));
    this.count += lines.length;
    void this.#client.send(`${this.#request}\r\n`.repeat(lines.length));
  }

  /** Resolves when the server has ended its side, and ours is ended, too. */
  async over(): Promise<End> {
    const end = await this.#client.over;
    if (this.#rest !== "") this.wrong.push(this.#rest);
    this.#client.end();
    return end;
  }
}

describe.concurrent.each(faces)("the end of $name", (face) => {
  test("under load loses no reply of a request that was read", async () => {
    await using directory = await tempDir();
    const path = directory.file("handled");
    await using server = await face.start();
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.to(server.port)));
    const pipelining = clients.map((client) => new Pipelining(client, `count ${path}`));
    const busy = face.isConcurrent ? pipelining : pipelining.slice(0, 1);
    while (busy.some(({ count }) => count < 20)) await sleep(1);
    // Those that the kernel has not handed out yet it would reset.
    while (server.stats()?.accepted !== CLIENTS) await sleep(1);
    const ends = Promise.all(pipelining.map((client) => client.over()));
    await server.end(5_000);
    expect(new Set(await ends)).toEqual(new Set(["ended"]));
    // A part of a reply is none, and neither is that of someone else.
    expect(pipelining.flatMap(({ wrong }) => wrong)).toEqual([]);
    const replies = pipelining.reduce((sum, { count }) => sum + count, 0);
    expect(existsSync(path)).toBe(true);
    expect(statSync(path).size).toBe(replies);
    expect(server.errors).toEqual([]);
    await idle(server);
    for (const client of clients) client[Symbol.dispose]();
  });

  test("comes within its deadline, whatever its clients do", async () => {
    await using server = await face.start({ maxConnections: 20 });
    const clients = await Promise.all(
      Array.from({ length: 30 }, (_, index) => RawClient.to(server.port, { reads: index % 2 === 0 })),
    );
    const says = ["", "hel", "big 50000000\r\n", "never\r\n", "late 60000\r\n"];
    await Promise.all(clients.map((client, index) => client.send(says[index % says.length] ?? "")));
    while ((server.stats()?.active ?? 0) < 20) await sleep(1);
    const start = performance.now();
    await server.end(DEADLINE);
    expect(performance.now() - start).toBeLessThan(DEADLINE + 1_500);
    expect(server.stats()).toMatchObject({ active: 0, queued: 0 });
    for (const client of clients) client[Symbol.dispose]();
  });

  test("comes within its deadline in the middle of handshakes", async () => {
    await using server = await face.start({ tls, proxyProtocol: { trusted: ["127.0.0.1"] } });
    const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.to(server.port)));
    const says = ["", "PROXY ", "PROXY UNKNOWN\r\n", "PROXY UNKNOWN\r\n\x16\x03\x01"];
    await Promise.all(clients.map((client, index) => client.send(says[index % says.length] ?? "")));
    while ((server.stats()?.active ?? 0) < clients.length) await sleep(1);
    const start = performance.now();
    await server.end(DEADLINE);
    expect(performance.now() - start).toBeLessThan(DEADLINE + 1_500);
    expect(server.stats()).toMatchObject({ active: 0 });
    await Promise.all(clients.map(({ over }) => over));
    for (const client of clients) client[Symbol.dispose]();
  });
});
