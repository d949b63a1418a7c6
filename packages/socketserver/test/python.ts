// Runs Python programs beside a test.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";

/** Whether there is a Python to run them. */
export const hasPython = spawnSync("python3", ["-c", "import socketserver"]).status === 0;

/** A program that runs until it ends by itself, or the test does. */
export class Python implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;

  constructor(program: string, ...args: (string | number)[]) {
    this.#child = spawn("python3", ["-u", "-c", program, ...args.map(String)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#exited = once(this.#child, "exit");
    const input = this.#child.stdout as NonNullable<ChildProcess["stdout"]>;
    const lines: Interface = createInterface({ input });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** The next line that it prints; undefined when it has ended. */
  async line(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  /** All lines up to its end. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) lines.push(line);
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}
