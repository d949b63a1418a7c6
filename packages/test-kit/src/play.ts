// A script and its performances, one for each connection of a scripted server.
import type { Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { ScriptedPeer } from "./scripted-peer.ts";

/**
 * Runs once per connection; `index` counts them from 0. When it returns, this side of the connection is ended;
 * when it throws, the connection is destroyed. It has to come to an end once its client is gone.
 */
export type Script = (peer: ScriptedPeer, index: number) => Promise<void>;

export class Play {
  readonly peers: ScriptedPeer[] = [];
  readonly runs: Promise<void>[] = [];
  readonly errors: unknown[] = [];
  readonly #script: Script;
  readonly #tls: TlsOptions | undefined;

  constructor(script: Script, tls: TlsOptions | undefined) {
    this.#script = script;
    this.#tls = tls;
  }

  start(socket: Socket): void {
    const peer = new ScriptedPeer(socket);
    this.runs.push(this.#run(peer, this.peers.length));
    this.peers.push(peer);
  }

  async #run(peer: ScriptedPeer, index: number): Promise<void> {
    try {
      if (this.#tls !== undefined) await peer.startTls(this.#tls);
      await this.#script(peer, index);
      peer.end();
    } catch (error) {
      this.errors.push(error);
      peer.close();
    }
  }
}
