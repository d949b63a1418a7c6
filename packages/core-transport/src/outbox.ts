// What is to be sent and when: a window of unanswered commands, and turns during which nobody else may send.
import { Queue } from "./queue.ts";
import { settle, type Exchange } from "./exchange.ts";
import type { Reply } from "./reply.ts";

/** How much may be under way before the first reply is in. */
export interface Window {
  /** Commands unanswered at most; 1 turns pipelining off. */
  commands: number;
  /** Those among them whose reply may bring a block. */
  blocks: number;
  /** Bytes that the blocks asked for are expected to have. */
  bytes: number;
  /**
   * Ahead is sent only what leaves in one write: all that was asked for in one turn of the event loop, and nothing
   * behind it before that is answered. For servers that keep the order within what they read at once, and not beyond.
   * Default false.
   */
  isBatched: boolean;
}

// 16 blocks: measured against INN and Dovecot, more gained little; 128 commands: what Postfix and msmtp keep
// outstanding; 4 MiB: what giving a connection up may waste.
const DEFAULT_WINDOW: Window = { commands: 128, blocks: 16, bytes: 4 * 1_048_576, isBatched: false };

/** A task that is to have the connection for itself. */
export interface WaitingTurn {
  /** Starts the task; resolves, never rejects, when it has settled. */
  readonly begin: () => Promise<void>;
  /** Called then, before anyone else may send. */
  readonly end: () => void;
  readonly reject: (error: Error) => void;
}

/** Commands that go out together or not at all. */
export interface WaitingGroup {
  readonly send: () => void;
  readonly reject: (error: Error) => void;
}

/** Outbox keeps the order in which callers came. */
export class Outbox<R extends Reply> {
  readonly #send: (exchange: Exchange<R>) => void;
  readonly #waiting: Queue<Exchange<R> | WaitingGroup | WaitingTurn> = new Queue();
  #window: Window = DEFAULT_WINDOW;
  #turnTaken = false;
  // Only what is sent in this very moment leaves in one write.
  #isBatchOpen = false;
  #isBatchDue = false;
  #commands = 0;
  #blocks = 0;
  #bytes = 0;

  constructor(send: (exchange: Exchange<R>) => void) {
    this.#send = send;
  }

  set window(window: Partial<Window>) {
    this.#window = { ...DEFAULT_WINDOW, ...window };
    this.sendWaiting();
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** True while a turn lasts. */
  get inTurn(): boolean {
    return this.#turnTaken;
  }

  add(item: Exchange<R> | WaitingGroup | WaitingTurn): void {
    // Mostly nobody is before it.
    const isFirst = this.#waiting.length === 0 && !this.#turnTaken && !this.#window.isBatched;
    if (isFirst && "options" in item && this.#fits(item)) {
      this.#send(item);
      return;
    }
    this.#waiting.push(item);
    this.sendWaiting();
  }

  /** True if `item` had not gone out and will not. */
  withdraw(item: Exchange<R> | WaitingGroup | WaitingTurn): boolean {
    if (!this.#waiting.remove(item)) return false;
    // It may have been too large for the window, and the next one is not. A signal that several wait with
    // withdraws them all first.
    queueMicrotask(() => this.sendWaiting());
    return true;
  }

  /** Counts a command as under way; those of a turn count too, although no window holds them back. */
  sent(exchange: Exchange<R>): void {
    this.#commands += 1;
    const { hasBlock, expectedBytes = 0 } = exchange.options;
    if (hasBlock === undefined) return;
    this.#blocks += 1;
    this.#bytes += expectedBytes;
  }

  /** Counts a command as answered, its block received. */
  answered(exchange: Exchange<R>): void {
    this.#commands -= 1;
    const { hasBlock, expectedBytes = 0 } = exchange.options;
    if (hasBlock === undefined) return;
    this.#blocks -= 1;
    this.#bytes -= expectedBytes;
  }

  sendWaiting(): void {
    if (!this.#window.isBatched) {
      this.#sendWaiting();
    } else if (!this.#isBatchDue && this.#waiting.length > 0) {
      this.#isBatchDue = true;
      // Whoever was answered just now may have more to ask.
      setImmediate(() => {
        this.#isBatchDue = false;
        this.#isBatchOpen = this.#commands === 0;
        this.#sendWaiting();
        this.#isBatchOpen = false;
      });
    }
  }

  #sendWaiting(): void {
    while (!this.#turnTaken) {
      const next = this.#waiting.first;
      if (next === undefined) return;
      if ("send" in next) {
        if (!this.#canJoin) return;
        this.#waiting.shift();
        next.send();
      } else if ("begin" in next) {
        if (!this.#canJoin || !this.#canTakeTurn) return;
        this.#waiting.shift();
        this.#turnTaken = true;
        void next.begin().then(() => {
          this.#turnTaken = false;
          next.end();
          this.sendWaiting();
        });
      } else {
        if (!this.#fits(next)) return;
        this.#waiting.shift();
        this.#send(next);
      }
    }
  }

  // Without pipelining a turn, too, waits for the answer before it.
  get #canTakeTurn(): boolean {
    return this.#window.commands > 1 || this.#commands === 0;
  }

  get #canJoin(): boolean {
    return !this.#window.isBatched || this.#isBatchOpen;
  }

  #fits({ options }: Exchange<R>): boolean {
    if (!this.#canJoin) return false;
    if (this.#commands === 0) return true;
    if (this.#commands >= this.#window.commands) return false;
    if (options.hasBlock === undefined || this.#blocks === 0) return true;
    return (
      this.#blocks < this.#window.blocks && this.#bytes + (options.expectedBytes ?? 0) <= this.#window.bytes
    );
  }

  /** Rejects all that waits. */
  fail(error: Error): void {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      if (!("options" in item) || settle(item)) item.reject(error);
    }
  }
}
