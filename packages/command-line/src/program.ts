// What every program does around its work: arguments, help, signals.
import { setMaxListeners } from "node:events";
import { printable } from "@netcli/core-transport";
import { ProgressBars } from "./progress-bars.ts";

/** One call of a program. */
export interface Run {
  /** Through them goes all that is said to a person, on stderr. */
  readonly bars: ProgressBars;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Program<Settings> {
  readonly name: string;
  /** What the arguments ask for; a text is what to show instead. Throws an Error that says what is wrong with them. */
  readonly read: () => Settings | string;
  /** Resolves to the exit code. */
  readonly work: (settings: Settings, run: Run) => Promise<number>;
}

const USAGE = 2;

/** Runs a program; resolves to its exit code. */
export async function runProgram<Settings extends { readonly quiet: boolean }>({
  name,
  read,
  work,
}: Program<Settings>): Promise<number> {
  // Whoever read what we say may be gone (`program ... 2>&1 | head`): that is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  let settings: Settings | string;
  try {
    settings = read();
  } catch (error) {
    process.stderr.write(`${name}: ${printable((error as Error).message)}\nTry: ${name} --help\n`);
    return USAGE;
  }
  if (typeof settings === "string") {
    process.stdout.write(settings);
    return 0;
  }
  const bars = new ProgressBars(process.stderr, process.stderr.isTTY && !settings.quiet);
  const interruption = new AbortController();
  const { signal } = interruption;
  // Everything that runs listens to it.
  setMaxListeners(0, signal);
  for (const event of ["SIGINT", "SIGTERM"] as const) {
    // A second one ends the process at once.
    process.once(event, () => {
      bars.clear();
      interruption.abort(new Error("interrupted"));
    });
  }
  return work(settings, { bars, signal });
}
