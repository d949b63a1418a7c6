// Runs a program on a pseudo terminal of 80 columns, made by `script` of util-linux.
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ProgramOptions } from "./program.ts";
import { Transcript } from "./transcript.ts";

/** What the keys send. */
export const CTRL_C = "\u0003";
export const CTRL_D = "\u0004";

// Echo and line editing are on: a "-" in front would mean off.
const COOKED = /\sicanon\s[^]*\secho\s/;

/** False where there is no such program; the `script` of BSD takes other options. */
export function hasPseudoTerminal(): boolean {
  const { status, stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.includes("util-linux");
}

/** A program of ours on a terminal. */
export class Terminal {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown[]>;
  readonly #transcript: Transcript;

  constructor(
    main: URL,
    args: readonly string[],
    { cwd, env = process.env }: Omit<ProgramOptions, "input"> = {},
  ) {
    const words = [process.execPath, fileURLToPath(main), ...args].map((word) => `'${word}'`).join(" ");
    // The shell gets the Ctrl-C of its terminal, too, and has to live on for what follows.
    const command = `trap : INT; stty cols 80 rows 24; ${words}; code=$?; stty -a; exit $code`;
    this.#child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      cwd,
      env: { ...env, TERM: "xterm" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#ended = once(this.#child, "close");
    this.#transcript = new Transcript(this.#child.stdout);
  }

  /** All that was written to the terminal, escape sequences too. */
  get shown(): string {
    return this.#transcript.text;
  }

  /** Waits until something is shown; resolves to what matched, and the groups of a pattern. */
  shows(wanted: string | RegExp): Promise<readonly string[]> {
    return this.#transcript.shows(wanted);
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Waits for the end of the program; resolves to its exit code. */
  async ended(): Promise<unknown> {
    const [code] = await this.#ended;
    return code;
  }

  /** Whether the program, which has ended, left the terminal in order: with echo and line editing. */
  get isInOrder(): boolean {
    return COOKED.test(this.shown);
  }
}
