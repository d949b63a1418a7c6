// What the server can do wrong, and the places at which it does.
import { setTimeout as sleep } from "node:timers/promises";
import type { Ending } from "../ending.ts";
import { linesOf, type Reply } from "./reply.ts";

/** What happens to a stream of bytes when so many of them are through: it stalls, or it ends, or the one and then the other. */
export interface StreamFault {
  readonly after: number;
  /** Nothing more gets through before that. */
  readonly wait?: PromiseLike<unknown> | undefined;
  readonly end?: Ending | undefined;
}

/** What goes wrong on a data connection, whichever way the content goes. */
export interface DataFault {
  /** Bytes count as they go over the connection, without TLS. */
  readonly cut?: StreamFault | undefined;
  readonly bytesPerSecond?: number | undefined;
  /** Gives other bytes, as many or more or fewer. */
  readonly alter?: ((chunk: Uint8Array, position: number) => Uint8Array) | undefined;
}

/** What stands for a reply: lines as they go over the wire, without their ends; null: nothing. */
export type Replacement = Reply | null | ((lines: readonly string[]) => Reply | null);

/** What the server does wrong with one command; what is not set it does right. */
export interface FtpFault {
  /** Nothing happens before that. */
  readonly wait?: PromiseLike<unknown> | undefined;
  /** The command is not done, only answered: with `reply`, or 200. */
  readonly skip?: boolean | undefined;
  /** Stands for the 1yz reply. */
  readonly preliminary?: Replacement | undefined;
  /** Stands for the final reply. Several codes: several replies. */
  readonly reply?: Replacement | undefined;
  /** `early`: the final reply comes before the content; a promise: when that has resolved. */
  readonly replyWhen?: "early" | PromiseLike<unknown> | undefined;
  /** What the server sends over the control connection, from the replies to this command on. */
  readonly control?: StreamFault | undefined;
  /** The data connection of this command. */
  readonly data?: DataFault | undefined;
  /** Ends the control connection behind the final reply. */
  readonly end?: Ending | undefined;
}

/** The lines that are sent where the right ones are `reply`. */
export function replaced(reply: Reply, replacement: Replacement | undefined): readonly string[] {
  if (replacement === undefined) return linesOf(reply);
  if (replacement === null) return [];
  return typeof replacement === "function" ? replaced([], replacement(linesOf(reply))) : linesOf(replacement);
}

/** Thrown where a fault ends a connection. */
export class Cut extends Error {
  readonly how: Ending;

  constructor(how: Ending) {
    super(`a fault: ${how}`);
    this.how = how;
  }
}

/** Waits, but no longer than until the signal is aborted; rejects then with its reason. */
export function until<T>(awaited: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    awaited.then(
      (value) => {
        signal.removeEventListener("abort", giveUp);
        resolve(value);
      },
      (error: Error) => {
        signal.removeEventListener("abort", giveUp);
        reject(error);
      },
    );
  });
}

/** Gate lets the bytes of one direction through up to the place of a fault. */
export class Gate {
  #left: number;
  readonly #wait: PromiseLike<unknown> | undefined;
  readonly #end: Ending | undefined;
  readonly #signal: AbortSignal;

  /** Who stalls does so until the signal is aborted at most. */
  constructor({ after, wait, end }: StreamFault, signal: AbortSignal) {
    this.#left = after;
    this.#wait = wait;
    this.#end = end;
    this.#signal = signal;
  }

  /** Throws Cut behind what still gets through. */
  async *pass(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
    if (bytes.length < this.#left) {
      this.#left -= bytes.length;
      if (bytes.length > 0) yield bytes;
      return;
    }
    const head = bytes.subarray(0, this.#left);
    if (head.length > 0) yield head;
    if (this.#wait !== undefined) await until(this.#wait, this.#signal);
    if (this.#end !== undefined) throw new Cut(this.#end);
    this.#left = Infinity;
    if (head.length < bytes.length) yield bytes.subarray(head.length);
  }
}

const NOTHING = new Uint8Array(0);

// A throttled stream moves that often.
const PER_SECOND = 50;

/** The content as it is with the fault. Throws Cut, or the signal's reason. */
export async function* faulty(
  content: AsyncIterable<Uint8Array>,
  { cut, bytesPerSecond = Infinity, alter }: DataFault,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const gate = new Gate(cut ?? { after: Infinity }, signal);
  const most = Math.max(1, Math.floor(bytesPerSecond / PER_SECOND));
  let position = 0;
  // The place may be in front of the first byte.
  yield* gate.pass(NOTHING);
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; at += most) {
      const piece = chunk.subarray(at, at + most);
      yield* gate.pass(alter?.(piece, position) ?? piece);
      position += piece.length;
      if (bytesPerSecond < Infinity) {
        await sleep((piece.length / bytesPerSecond) * 1000, undefined, { signal });
      }
    }
  }
}
