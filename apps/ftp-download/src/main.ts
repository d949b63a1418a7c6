#!/usr/bin/env node
// ftp-download: fetches files and directories over FTP, shows how far they are, and says clearly what went wrong.
import { setMaxListeners } from "node:events";
import { printable } from "@netcli/core-transport";
import { readArguments, type Settings } from "./arguments.ts";
import { Downloads } from "./downloads.ts";
import { ExitCode } from "./exit-code.ts";
import { HELP } from "./help.ts";
import { ProgressBars } from "./progress-bars.ts";
import { Run } from "./run.ts";

async function main(): Promise<ExitCode> {
  // Whoever read what we say may be gone (`ftp-download ... 2>&1 | head`): that is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  let settings: Settings | undefined;
  try {
    settings = readArguments();
  } catch (error) {
    process.stderr.write(`ftp-download: ${printable((error as Error).message)}\nTry: ftp-download --help\n`);
    return ExitCode.usage;
  }
  if (settings === undefined) {
    process.stdout.write(HELP);
    return ExitCode.saved;
  }
  const bars = new ProgressBars(process.stderr, process.stderr.isTTY && !settings.quiet);
  const interruption = new AbortController();
  const { signal } = interruption;
  // Every transfer that runs listens to it.
  setMaxListeners(0, signal);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    // A second one ends the process at once.
    process.once(name, () => {
      bars.clear();
      interruption.abort(new Error("interrupted"));
    });
  }
  return new Downloads(new Run(settings, bars, signal)).finish();
}

process.exitCode = await main();
