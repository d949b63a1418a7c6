// How long the server may take for what it owes us. Our own sending and our caller's reading do not count.
import { Body } from "./body.ts";
import { Deadline } from "./deadline.ts";
import { LimitError, TimeoutError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Timeouts } from "./limits.ts";
import type { Reply } from "./reply.ts";

/** What a watch must know of its pipeline. */
export interface Watched {
  /** `greeting` and `reply` for what is due; `stall` for a block left unread while others wait behind it. */
  readonly timeouts: Readonly<Timeouts>;
  /** Does anyone wait for a reply? */
  readonly someoneWaits: () => boolean;
  readonly fail: (error: Error) => void;
}

/** ReplyWatch holds one deadline against whatever is due first. */
export class ReplyWatch<R extends Reply> {
  readonly #watched: Watched;
  readonly #deadline: Deadline = new Deadline();
  #due: Exchange<R> | Body | undefined;
  // What the deadline was armed for.
  #timed: Exchange<R> | Body | undefined;
  // Our own work, such as sending content, during which no reply is due.
  #resting = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Says what is due first. The time for it begins when it is said for the first time, and goes on when it drips. */
  expect(due: Exchange<R> | Body | undefined): void {
    this.#due = due;
    this.#arm();
  }

  /** The server owes no reply before the work is done, and the work has watches of its own. */
  async restDuring(work: Promise<unknown>): Promise<void> {
    this.#resting += 1;
    this.#arm();
    await work.catch(() => undefined);
    this.#resting -= 1;
    this.#arm();
  }

  /** Ends it for good. */
  close(): void {
    this.#resting = Infinity;
    this.#deadline.close();
  }

  #arm(): void {
    const due = this.#resting > 0 ? undefined : this.#due;
    if (due === this.#timed) return;
    this.#timed = due;
    if (due === undefined) this.#deadline.disarm();
    else if (due instanceof Body) this.#watchUnread(due);
    else this.#watchReply(due);
  }

  #watchReply({ options, phase, command }: Exchange<R>): void {
    const timeout = options.timeout ?? this.#watched.timeouts[phase];
    this.#deadline.arm(timeout, () => {
      const what = command === undefined ? `no ${phase}` : `no reply to "${command.shown}"`;
      const hint = phase === "greeting" ? "; a server that expects TLS from the start is silent, too" : "";
      this.#watched.fail(new TimeoutError(`${what} within ${timeout} ms${hint}`, phase, timeout));
    });
  }

  // Whoever waits for a reply behind a block that nobody reads would wait for ever.
  #watchUnread(block: Body): void {
    const { timeouts, someoneWaits, fail } = this.#watched;
    this.#deadline.arm(timeouts.stall, () => {
      if (block.unclaimed && !block.wants && someoneWaits()) {
        fail(
          new LimitError(
            "a block was left unread although other commands wait behind it; read or cancel it",
            "unreadBytes",
          ),
        );
      } else {
        this.#watchUnread(block);
      }
    });
  }
}
