// Carries messages from the maildrop to where they belong: also when the connection breaks in the middle of one.
import type { ProgressBar, Run } from "@netcli/command-line";
import { ConnectionClosedError, TimeoutError } from "@netcli/core-transport";
import type { MaildropRow, MessagesOptions, Pop3Client, Pop3Message } from "@netcli/pop3";
import type { Destination } from "./destination.ts";
import { nameOf, type Plan } from "./plan.ts";

// In a row, without a message in between.
const RETRIES = 2;

export class Delivery {
  /** Messages that are there. */
  taken = 0;
  /** As many have come for these. */
  bytes = 0;
  readonly #client: Pop3Client;
  readonly #plan: Plan;
  readonly #destination: Destination;
  readonly #run: Run;
  // Names of those that are there.
  readonly #done: Set<string> = new Set();
  #bar: ProgressBar | undefined;
  // Of those that are there, as the server counts.
  #expected = 0;
  // Of the message that is coming.
  #came = 0;

  constructor(client: Pop3Client, plan: Plan, destination: Destination, run: Run) {
    this.#client = client;
    this.#plan = plan;
    this.#destination = destination;
    this.#run = run;
  }

  /** Rejects with what went wrong, or with the signal's reason. */
  async finish(options: Pick<MessagesOptions, "seen" | "newestFirst" | "delete">): Promise<void> {
    if (this.#destination.isLasting && this.#plan.count > 0) this.#bar = this.#run.bars.add("");
    try {
      for (let failures = 0; ;) {
        const before = this.taken;
        const broken = await this.#takeAll(options);
        if (broken === undefined) return;
        this.#run.signal.throwIfAborted();
        failures = this.taken > before ? 1 : failures + 1;
        if (failures > RETRIES) throw broken;
      }
    } finally {
      this.#bar?.end();
    }
  }

  /** Resolves to why a message has not come to its end, if another attempt may succeed. */
  async #takeAll(options: MessagesOptions): Promise<Error | undefined> {
    const filter = (row: MaildropRow): boolean => this.#plan.wants(row) && !this.#done.has(nameOf(row));
    const { signal } = this.#run;
    for await (const message of this.#client.messages({ ...options, filter, signal })) {
      // Short enough to be whole beside a bar.
      this.#bar?.rename(`${this.taken + 1}/${this.#plan.count}`);
      try {
        await this.#destination.take(message, this.#counted(message));
      } catch (error) {
        const isPassing = error instanceof ConnectionClosedError || error instanceof TimeoutError;
        // A number means another message in another session.
        if (!isPassing || message.uid === undefined) throw error;
        return error;
      }
      this.#done.add(nameOf(message));
      this.taken += 1;
      this.bytes += this.#came;
      this.#expected += message.size;
    }
    return undefined;
  }

  async *#counted(message: Pop3Message): AsyncGenerator<Uint8Array, void, void> {
    this.#came = 0;
    const { bytes } = this.#plan;
    for await (const chunk of message) {
      this.#came += chunk.length;
      this.#bar?.update(this.#expected + this.#came, bytes);
      yield chunk;
    }
  }
}
