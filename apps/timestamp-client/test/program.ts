// The built client, run as a user would run it: `pnpm test` builds before it tests.
import { type Outcome, type Program, type ProgramOptions, startProgram } from "@netcli/test-kit";

export const main: URL = new URL("../dist/main.js", import.meta.url);

/** Starts the program. */
export function start(args: readonly string[], options?: ProgramOptions): Program {
  return startProgram(main, args, options);
}

/** Runs the program to its end, with this to read. */
export function run(args: readonly string[], input: string = ""): Promise<Outcome> {
  return start(args, { input }).outcome;
}
