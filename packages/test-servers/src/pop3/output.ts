// The server's side of the bytes: taken apart and cut off where a test wants it.
import { setImmediate as turn } from "node:timers/promises";
import type { Connection } from "@netcli/core-transport";
import type { Ending } from "../ending.ts";
import type { OutputCut, OutputSplit } from "./faults.ts";

export class Output {
  /** Bytes that were handed over, sent or not. */
  taken = 0;
  readonly #connection: Connection;
  readonly #end: (how: Ending) => Promise<void>;
  #sent = 0;
  // Positions that are not reached yet, in their order.
  #splits: number[] = [];
  #cut: OutputCut | undefined;
  #isOver = false;
  // One after the other, also with what nobody has asked for.
  #last: Promise<void> = Promise.resolve();

  constructor(connection: Connection, end: (how: Ending) => Promise<void>) {
    this.#connection = connection;
    this.#end = end;
  }

  /** `reply`: where the reply begins that it belongs to. */
  cut(cut: OutputCut, reply: number): void {
    const start = cut.from === "session" ? 0 : reply;
    this.#cut = { ...cut, after: start + cut.after };
  }

  split({ at, from }: OutputSplit, reply: number): void {
    const start = from === "session" ? 0 : reply;
    const positions = new Set([...this.#splits, ...at.map((position) => start + position)]);
    this.#splits = [...positions].toSorted((left, right) => left - right);
  }

  /** Resolves when more may be sent. */
  write(bytes: Uint8Array): Promise<void> {
    this.taken += bytes.length;
    const written = this.#last.then(() => this.#write(bytes));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    for (;;) {
      await this.#strike();
      if (rest.length === 0 || this.#isOver) return;
      const piece = rest.subarray(0, this.#next() - this.#sent);
      await this.#connection.write(piece);
      this.#sent += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#sent === this.#splits[0]) {
        await this.#connection.flush();
        await turn();
      }
    }
  }

  /** The next position at which something happens. */
  #next(): number {
    while ((this.#splits[0] ?? Infinity) <= this.#sent) this.#splits.shift();
    return Math.min(this.#splits[0] ?? Infinity, this.#cut?.after ?? Infinity);
  }

  async #strike(): Promise<void> {
    if (this.#cut === undefined || this.#sent < this.#cut.after) return;
    const { wait, end } = this.#cut;
    this.#cut = undefined;
    if (wait !== undefined) {
      await this.#connection.flush();
      await Promise.race([wait, this.#connection.closed]);
      if (end === undefined) return;
    }
    this.#isOver = true;
    await this.#end(end ?? "end");
  }
}
