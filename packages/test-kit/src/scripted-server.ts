// A server that does to each client what a script says, on node:net alone.
import { createServer, type Server } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { TlsOptions } from "node:tls";
import { type Endpoint, listen, type ListenOptions } from "./loopback.ts";
import { PeerGone } from "./peer-gone.ts";
import { Play, type Script } from "./play.ts";

export interface ScriptedServerOptions extends ListenOptions {
  /** TLS from the first byte. Sessions resume across servers and upgrades that are given the same `ticketKeys`. */
  tls?: TlsOptions | undefined;
}

export class ScriptedServer {
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  readonly #server: Server;
  readonly #play: Play;
  #closing: Promise<void> | undefined;

  constructor(server: Server, play: Play, endpoint: Endpoint, path: string | undefined) {
    this.#server = server;
    this.#play = play;
    this.host = endpoint.host;
    this.port = endpoint.port;
    this.path = path;
  }

  /** How many connections were accepted. */
  get connections(): number {
    return this.#play.peers.length;
  }

  /** Everything received, connection after connection. */
  get received(): Buffer {
    return Buffer.concat(this.#play.peers.map((peer) => peer.received));
  }

  /** What scripts have thrown so far, with clients going away included. */
  get errors(): readonly unknown[] {
    return this.#play.errors;
  }

  /** Waits until the scripts of all connections accepted so far have come to an end. */
  async settled(): Promise<void> {
    await Promise.all(this.#play.runs);
  }

  /**
   * Destroys what is open and waits for it. The first call rejects with the first error of a script, unless it
   * is about a client that went away; a later call, as at the end of an `await using` block, only waits.
   */
  async close(): Promise<void> {
    const first = this.#closing === undefined;
    this.#closing ??= this.#shutDown();
    await this.#closing;
    const failure = this.errors.find((error) => !(error instanceof PeerGone));
    if (first && failure !== undefined) throw failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    // What clients have sent already is in the kernel: a turn to accept and one to read let the scripts
    // judge it, after one that may end before the event loop polls.
    await turn();
    await turn();
    await turn();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const peer of this.#play.peers) peer.close();
    await Promise.all([closed, ...this.#play.runs]);
    // node:net says "close" just before the handle is closed: without this it would still count as active.
    await turn();
    await turn();
  }
}

export async function scriptedServer(
  script: Script,
  options: ScriptedServerOptions = {},
): Promise<ScriptedServer> {
  const play = new Play(script, options.tls);
  const server = createServer({ allowHalfOpen: true }, (socket) => play.start(socket));
  return new ScriptedServer(server, play, await listen(server, options), options.path);
}
