// Runs the program as a user would, and watches what it says.
import { fileURLToPath } from "node:url";
import { type Outcome, Program, startProgram, Terminal } from "@netcli/test-kit";

// The built program: `pnpm test` builds before it tests.
const main = new URL("../dist/main.js", import.meta.url);

export interface RunOptions {
  readonly cwd?: string;
  /** Environment variables. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment of the program: this one's without anything that it looks for, a password, and that. */
function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (name.startsWith("MAIL_FETCH_")) delete env[name];
  return { ...env, TZ: "UTC", MAIL_FETCH_PASSWORD: "secret", ...more };
}

/** Starts the program without a terminal. */
export function start(args: readonly string[], { cwd, env }: RunOptions = {}): Program {
  return startProgram(main, args, { cwd, env: environment(env) });
}

/** Runs the program to its end. */
export function run(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return start(args, options).outcome;
}

/** Runs the program to its end; what it writes to stdout goes into a file. */
export function runInto(file: string, args: readonly string[]): Promise<Outcome> {
  const words = [process.execPath, fileURLToPath(main), ...args];
  return new Program(["sh", "-c", 'exec "$@" > "$0"', file, ...words], { env: environment() }).outcome;
}

/** Starts the program on a terminal. */
export function startOnTerminal(args: readonly string[], env?: NodeJS.ProcessEnv): Terminal {
  return new Terminal(main, args, { env: environment(env) });
}
