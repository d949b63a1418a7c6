// One call of the program: what is wanted is fetched, put where it belongs, and deleted if that was asked for.
import { count, formatBytes, type Run, sentenceOf } from "@netcli/command-line";
import { decodeText } from "@netcli/core-transport";
import type { Pop3Client } from "@netcli/pop3";
import type { Settings } from "./arguments.ts";
import type { Destination } from "./destination.ts";
import { Delivery } from "./delivery.ts";
import { describeFailure, ExitCode } from "./exit-code.ts";
import { Maildir } from "./maildir.ts";
import { Mbox } from "./mbox.ts";
import { formatList, type Listed, listed } from "./message-list.ts";
import { Plan } from "./plan.ts";
import { Printing } from "./printing.ts";
import { connectTo } from "./server.ts";
import { State } from "./state.ts";

// More of a header nobody needs for a table, whatever the server sends.
const HEADER_BYTES = 262_144;

/** Fetching does what the settings say. */
export class Fetching {
  readonly #settings: Settings;
  readonly #run: Run;
  #state: State | undefined;
  #destination: Destination | undefined;
  #client: Pop3Client | undefined;
  #delivery: Delivery | undefined;
  #isEnding = false;

  constructor(settings: Settings, run: Run) {
    this.#settings = settings;
    this.#run = run;
  }

  /** Resolves to the exit code. */
  async finish(): Promise<ExitCode> {
    // No server has to agree to an end, and nothing is deleted then.
    this.#run.signal.addEventListener("abort", () => this.#client?.close(), { once: true });
    try {
      let code: ExitCode = ExitCode.fetched;
      try {
        await this.#fetch();
      } catch (error) {
        code = this.#complain(error);
      }
      return await this.#end(code);
    } finally {
      await this.#destination?.close();
      await this.#state?.close();
    }
  }

  async #fetch(): Promise<void> {
    const { list, onlyNew, maxSize, newestFirst } = this.#settings;
    const { signal } = this.#run;
    // Before anybody has to type a password, or to wait.
    if (onlyNew) this.#state = await State.open(this.#settings);
    if (!list) this.#destination = await this.#openDestination();
    this.#client = await connectTo(this.#settings, this.#run);
    const seen = this.#state?.seen;
    const plan = await Plan.make(this.#client, { seen, maxSize }, signal);
    this.#tell(plan);
    if (this.#destination === undefined) {
      await this.#list(this.#client, plan);
      return;
    }
    this.#delivery = new Delivery(this.#client, plan, this.#destination, this.#run);
    await this.#delivery.finish({ seen, newestFirst, delete: this.#settings.delete ? "after" : undefined });
  }

  #openDestination(): Promise<Destination> {
    const { save, mbox } = this.#settings;
    if (save !== undefined) return Maildir.open(save);
    return mbox === undefined ? Promise.resolve(new Printing()) : Mbox.open(mbox);
  }

  /** What is left out, and that there is nothing. */
  #tell({ total, count: wanted, tooLarge }: Plan): void {
    if (tooLarge > 0) {
      this.#note(`left out ${count(tooLarge, "message")} larger than ${formatBytes(this.#settings.maxSize)}`);
    }
    if (wanted === 0 && tooLarge === 0) this.#note(total === 0 ? "no messages" : "no new messages");
  }

  async #list(client: Pop3Client, plan: Plan): Promise<void> {
    const { newestFirst } = this.#settings;
    const { signal } = this.#run;
    const filter = plan.wants.bind(plan);
    const rows: Listed[] = [];
    for await (const message of client.messages({ top: 0, newestFirst, filter, signal })) {
      rows.push(listed(message, decodeText((await message.bytes()).subarray(0, HEADER_BYTES))));
    }
    const { stdout } = process;
    const columns = stdout.isTTY ? stdout.columns || 80 : undefined;
    for (const line of formatList(rows, columns)) stdout.write(`${line}\n`);
  }

  /** Ends the session, with which messages are deleted. */
  async #end(code: ExitCode): Promise<ExitCode> {
    const { signal } = this.#run;
    this.#isEnding = !signal.aborted;
    const result = await this.#client?.quit();
    const deleted = result?.deleted.length ?? 0;
    const kept = result?.kept.length ?? 0;
    if (signal.aborted) {
      this.#say(`interrupted; ${this.#outcome(deleted)}`);
      return ExitCode.interrupted;
    }
    const { taken = 0, bytes = 0 } = this.#delivery ?? {};
    if (taken > 0 && this.#destination?.isLasting === true) {
      const last = this.#settings.delete ? `, deleted ${deleted}` : "";
      this.#note(`saved ${count(taken, "message")} (${formatBytes(bytes)})${last}`);
    }
    if (kept === 0) return code;
    const why = result?.error === undefined ? "" : `: ${sentenceOf(result.error)}`;
    this.#say(`${kept} of ${count(kept + deleted, "message")} may not have been deleted${why}`);
    return code === ExitCode.fetched ? ExitCode.notDeleted : code;
  }

  /** What had come about when all was broken off. */
  #outcome(deleted: number): string {
    const { taken = 0 } = this.#delivery ?? {};
    if (taken === 0 || this.#destination === undefined) return "nothing was fetched";
    const saved = `${count(taken, "message")} ${this.#destination.verb}`;
    if (!this.#settings.delete) return saved;
    if (this.#isEnding) return `${saved}; nobody knows which of them were deleted`;
    return deleted === 0 ? `${saved}, none deleted` : `${saved}, ${deleted} deleted`;
  }

  #complain(error: unknown): ExitCode {
    const { host } = this.#settings.account;
    if (this.#run.signal.aborted) return ExitCode.interrupted;
    const { code, text } = describeFailure(error, { host, isLoggedIn: this.#client !== undefined });
    this.#say(text);
    return code;
  }

  #say(text: string): void {
    this.#run.bars.say(`mail-fetch: ${text}`);
  }

  #note(text: string): void {
    if (!this.#settings.quiet) this.#run.bars.say(text);
  }
}
