// Runs the program as a user would, and watches what it says and leaves behind.
import { spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { type Outcome, type Program, startProgram, tempDir, Terminal } from "@netcli/test-kit";
import { expect } from "vitest";

// The built program: `pnpm test` builds before it tests.
const main = new URL("../dist/main.js", import.meta.url);
const resized = new URL("./resized.mjs", import.meta.url);

export interface RunOptions {
  readonly cwd?: string;
  readonly password?: string | undefined;
}

/** The environment of the program: this one's, but for the password. */
function environment(password?: string): NodeJS.ProcessEnv {
  const { FTP_PASSWORD: _, ...env } = process.env;
  return password === undefined ? env : { ...env, FTP_PASSWORD: password };
}

/** Starts the program without a terminal. */
export function start(args: readonly string[], { cwd, password }: RunOptions = {}): Program {
  return startProgram(main, args, { cwd, env: environment(password) });
}

/** Starts the program on a terminal. */
export function startOnTerminal(args: readonly string[], cwd: string): Terminal {
  return new Terminal(main, args, { cwd, env: environment() });
}

/** Starts the program on a terminal of that size. */
export async function startOnSmallTerminal(
  columns: number,
  rows: number,
  args: readonly string[],
  cwd: string,
): Promise<{ terminal: Terminal; resize: (columns: number) => void }> {
  const words = [String(columns), String(rows), ...args];
  const terminal = new Terminal(resized, words, { cwd, env: environment() });
  const [, name = ""] = await terminal.shows(/(\/dev\/\S+)\r\n/);
  return {
    terminal,
    resize: (wanted) => {
      const { status } = spawnSync("stty", ["-F", name, "cols", String(wanted)]);
      expect(status).toBe(0);
    },
  };
}

/** Runs the program to its end. */
export function run(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return start(args, options).outcome;
}

/** How a download that must fail is run: `output` is the name of the file it would save. */
export type Attempt = (folder: string, output: string) => Promise<Outcome>;

/**
 * Runs a download that must fail twice, in an empty folder and in one with a file of that name, and checks that
 * both stay what they were, without a partial file. Resolves to the outcome of the second.
 */
export async function failure(attempt: Attempt): Promise<Outcome> {
  await using empty = await tempDir();
  const first = await attempt(empty.path, "saved.bin");
  expect(await readdir(empty.path)).toEqual([]);
  await using used = await tempDir();
  await writeFile(used.file("saved.bin"), "what was there before");
  const second = await attempt(used.path, "saved.bin");
  expect(await readdir(used.path)).toEqual(["saved.bin"]);
  expect(await readFile(used.file("saved.bin"), "utf8")).toBe("what was there before");
  expect(first.code).toBe(second.code);
  return second;
}

/** The failure of the program with these arguments. */
export function failureOf(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return failure((cwd, output) => run(["-o", output, ...args], { ...options, cwd }));
}
