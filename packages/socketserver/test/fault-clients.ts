// Clients for the tests of faults: raw ones that may do anything, and a healthy one that talks meanwhile.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { expect } from "vitest";

/** How a connection ended: the server ended its side, or broke it. */
export type End = "ended" | "broken";

export interface ClientOptions {
  /** False: it never takes a byte. */
  readonly reads?: boolean;
  /** The authority that it trusts; without one it speaks no TLS. */
  readonly ca?: string | undefined;
  /** What it sends first: a PROXY header. */
  readonly opening?: string | undefined;
}

/** A client without manners: what it sends is not checked, and it reads only if it wants to. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  /** Resolves when nothing more can come. */
  readonly over: Promise<End>;
  isOver: boolean = false;
  readonly #chunks: Buffer[] = [];
  #arrived: () => void = () => undefined;

  private constructor(socket: Socket, reads: boolean) {
    this.socket = socket;
    if (reads) {
      socket.on("data", (chunk) => {
        this.#chunks.push(chunk);
        this.#arrived();
      });
    }
    this.over = new Promise((resolve) => {
      const settle = (end: End): void => {
        this.isOver = true;
        resolve(end);
        this.#arrived();
      };
      socket.once("end", () => settle("ended"));
      socket.on("error", () => settle("broken"));
      socket.once("close", () => settle("broken"));
    });
  }

  static async to(port: number, { reads = true, ca, opening }: ClientOptions = {}): Promise<RawClient> {
    const options = { host: "127.0.0.1", port, allowHalfOpen: true };
    const socket = ca === undefined ? connect(options) : connectTls({ ...options, ca });
    const client = new RawClient(socket, reads);
    await once(socket, ca === undefined ? "connect" : "secureConnect");
    if (opening !== undefined) await client.send(opening);
    return client;
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  /** Resolves when the kernel has it. */
  send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(data, () => resolve());
    });
  }

  /** Waits until so many bytes are there; rejects if the connection is gone before. */
  async receive(count: number): Promise<Buffer> {
    let length = 0;
    for (;;) {
      length = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      if (length >= count) return this.received.subarray(0, count);
      if (this.isOver) throw new Error(`the connection ended after ${length} of ${count} bytes`);
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** Sends one line, and gives the next one that comes; what came before is forgotten. */
  async ask(request: string): Promise<string> {
    this.#chunks.length = 0;
    await this.send(`${request}\r\n`);
    while (!this.text.includes("\r\n")) await this.receive(this.text.length + 1);
    return this.text.slice(0, this.text.indexOf("\r\n"));
  }

  end(): void {
    this.socket.end();
  }

  /** Breaks the connection with a TCP RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** What a new client gets for one line. */
export async function askOnce(port: number, request: string, options?: ClientOptions): Promise<string> {
  using client = await RawClient.to(port, options);
  return await client.ask(request);
}

/**
 * Runs `fault` while another client talks to the same server without a pause worth mentioning: each of its requests
 * gets its reply, before, while and after.
 */
export async function whileTalking(
  port: number,
  fault: () => Promise<void>,
  options?: ClientOptions,
): Promise<void> {
  using client = await RawClient.to(port, options);
  const over = new AbortController();
  const talk = async (): Promise<void> => {
    for (let count = 1; count === 1 || !over.signal.aborted; count += 1) {
      expect(await client.ask(`turn ${count}`)).toBe(`re: turn ${count}`);
      await sleep(1);
    }
  };
  const talking = talk();
  // It is looked at below.
  talking.catch(() => undefined);
  try {
    await fault();
  } finally {
    over.abort();
  }
  await talking;
  expect(await client.ask("after all")).toBe("re: after all");
}
