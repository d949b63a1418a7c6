// What a person types at the terminal: answers, and the message.
import { createInterface, type Interface } from "node:readline";
import { printable } from "@netcli/core-transport";
import { addressesIn, senderIn } from "./addresses.ts";
import type { Heading } from "./arguments.ts";
import { ExitCode, InputError } from "./exit-code.ts";

/** Typed reads lines, those too that came before they were asked for. */
export class Typed {
  readonly #terminal: Interface;
  readonly #lines: AsyncIterator<string, unknown>;
  readonly #signal: AbortSignal;
  #isClosed = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#terminal = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: true,
      historySize: 0,
    });
    this.#lines = this.#terminal[Symbol.asyncIterator]();
    this.#terminal.once("close", () => {
      this.#isClosed = true;
    });
    // In raw mode Ctrl-C is a key, not a signal; readline tells of it.
    this.#terminal.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    signal.addEventListener("abort", () => this.close(), { once: true });
  }

  /** Asks for what the command line has not said. Rejects with InputError, or with the signal's reason. */
  async complete(heading: Heading): Promise<Heading> {
    const { from, to, cc, bcc, subject } = heading;
    const isAddressed = to.length + cc.length + bcc.length > 0;
    return {
      ...heading,
      from: from ?? (await this.#ask("From", (answer) => senderIn("From", answer))),
      to: isAddressed ? to : [await this.#ask("To", (answer) => addressesIn("To", answer))],
      subject: subject ?? (isAddressed ? undefined : await this.#ask("Subject", () => undefined)),
    };
  }

  /** All lines up to Ctrl-D. */
  async message(): Promise<string> {
    process.stderr.write("Enter message, end with Ctrl-D:\n");
    this.#terminal.setPrompt("");
    let text = "";
    for (let line = await this.#next(); line !== undefined; line = await this.#next()) text += `${line}\n`;
    return text;
  }

  close(): void {
    this.#terminal.close();
  }

  /** Asks until the answer passes; `check` throws an Error that says why it does not. */
  async #ask(name: string, check: (answer: string) => unknown): Promise<string> {
    for (;;) {
      this.#terminal.setPrompt(`${name}: `);
      // It would open what is closed.
      if (!this.#isClosed) this.#terminal.prompt();
      const answer = (await this.#next())?.trim();
      if (answer === undefined) {
        process.stderr.write("\n");
        throw new InputError(`nothing was said behind "${name}:"; nothing was sent`, ExitCode.usage);
      }
      try {
        check(answer);
        return answer;
      } catch (error) {
        process.stderr.write(`${printable((error as Error).message)}\n`);
      }
    }
  }

  /** Undefined: there are no more. */
  async #next(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    this.#signal.throwIfAborted();
    return done === true ? undefined : value;
  }
}
