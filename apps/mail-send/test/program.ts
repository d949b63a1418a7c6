// Runs the program as a user would, and watches what it says.
import { type Outcome, type Program, startProgram, Terminal } from "@netcli/test-kit";

// The built program: `pnpm test` builds before it tests.
const main = new URL("../dist/main.js", import.meta.url);
const redirected = new URL("./redirected.mjs", import.meta.url);

export interface RunOptions {
  readonly cwd?: string;
  /** Environment variables. */
  readonly env?: NodeJS.ProcessEnv;
  /** Stdin; null: what `type` gives it, without an end. Default: "Hello\n". */
  readonly input?: string | null;
}

/** The environment of the program: this one's without anything that it looks for, and with that. */
function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (name.startsWith("MAIL_SEND_")) delete env[name];
  return { ...env, ...more };
}

/** Starts the program without a terminal. */
export function start(args: readonly string[], { cwd, env, input = "Hello\n" }: RunOptions = {}): Program {
  return startProgram(main, args, { cwd, env: environment(env), input });
}

/** Runs the program to its end. */
export function run(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return start(args, options).outcome;
}

/** Starts the program on a terminal. */
export function startOnTerminal(args: readonly string[], env?: NodeJS.ProcessEnv): Terminal {
  return new Terminal(main, args, { env: environment(env) });
}

/** Starts the program on a terminal, but with a file for stdin. */
export function startWithFile(file: string, args: readonly string[]): Terminal {
  return new Terminal(redirected, [file, ...args], { env: environment() });
}

/** From ada to bob over that server. */
export function toBob(url: string): string[] {
  return ["--url", url, "--from", "ada@example.com", "--to", "bob@example.com"];
}
