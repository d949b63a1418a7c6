// Runs the program as a user would, and watches what it says and leaves behind.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { tempDir } from "@netcli/test-kit";
import { expect } from "vitest";

/** The built program: `pnpm test` builds before it tests. */
export const main: string = fileURLToPath(new URL("../dist/main.js", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly password?: string | undefined;
}

/** The environment of the program: this one's, but for the password. */
export function environment(password?: string): NodeJS.ProcessEnv {
  const { FTP_PASSWORD: _, ...env } = process.env;
  return password === undefined ? env : { ...env, FTP_PASSWORD: password };
}

/** Starts the program without a terminal. */
export function start(
  args: readonly string[],
  { cwd, password }: RunOptions = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const env = environment(password);
  return spawn(process.execPath, [main, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Waits for the end of a program. */
export function outcomeOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs the program to its end. */
export function run(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return outcomeOf(start(args, options));
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
