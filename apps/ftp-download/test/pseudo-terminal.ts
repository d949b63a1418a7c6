// Runs the program on a pseudo terminal of 80 columns, made by `script` of util-linux.
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { environment, main } from "./program.ts";

const version = spawnSync("script", ["--version"], { encoding: "utf8" });

/** False where there is no such program; the `script` of BSD takes other options. */
export const hasPseudoTerminal: boolean = version.status === 0 && version.stdout.includes("util-linux");

/** The program on a terminal. */
export class Terminal {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown[]>;
  #shown = "";

  constructor(args: readonly string[], cwd: string) {
    const words = [process.execPath, main, ...args].map((word) => `'${word}'`).join(" ");
    const command = `stty cols 80 rows 24; ${words}; code=$?; stty -a; exit $code`;
    this.#child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      cwd,
      env: { ...environment(), TERM: "xterm" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#ended = once(this.#child, "close");
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#shown += text;
    });
  }

  /** All that was written to the terminal, escape sequences too. */
  get shown(): string {
    return this.#shown;
  }

  /** Waits until something is shown. */
  async shows(text: string): Promise<void> {
    while (!this.#shown.includes(text)) await once(this.#child.stdout, "data");
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Waits for the end of the program; resolves to its exit code. */
  async ended(): Promise<unknown> {
    const [code] = await this.#ended;
    return code;
  }
}
