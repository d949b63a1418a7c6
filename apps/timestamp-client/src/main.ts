#!/usr/bin/env node
// timestamp-client: the books' client, which sends lines to a timestamp server and shows what it answers.
import { printable } from "@netcli/core-transport";
import { readArguments, type Settings } from "./arguments.ts";
import { ask } from "./ask.ts";
import { ExitCode, exitCodeOf } from "./exit-code.ts";
import { readLines } from "./lines.ts";

const HELP = `Usage: timestamp-client [options] [HOST [PORT]]

Sends lines to a timestamp server, each over a connection of its own, and shows
what it answers. At a terminal it asks for them; an empty line or Ctrl-D ends.
From a file or another program it takes all lines, up to the end.

Options:
      --host HOST        the server (default: 127.0.0.1)
      --port PORT        its port (default: 21567)
      --unix PATH        the server's Unix socket instead
      --udp              send each line in a datagram
  -m, --message TEXT     send this line only
      --timeout SECONDS  how long to wait for the connection, and then for the
                         answer (default: 5)
  -h, --help             show this text

Exit codes:
  0 all was answered          8 no answer came
  2 wrong usage             130 interrupted
  3 cannot reach the server
`;

async function talk(settings: Settings, signal: AbortSignal): Promise<void> {
  const lines = settings.message === undefined ? readLines(signal) : [settings.message];
  for await (const line of lines) {
    const answer = await ask(line, settings, signal);
    process.stdout.write(`${printable(answer)}\n`);
  }
}

async function main(): Promise<ExitCode> {
  let settings: Settings | undefined;
  try {
    settings = readArguments();
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`timestamp-client: ${printable(message)}\nTry: timestamp-client --help\n`);
    return ExitCode.usage;
  }
  if (settings === undefined) {
    process.stdout.write(HELP);
    return ExitCode.answered;
  }
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    // A second one ends the process at once.
    process.once(name, () => interruption.abort(new Error("interrupted")));
  }
  // Whoever read the answers is gone (`timestamp-client | head -1`).
  process.stdout.on("error", () => interruption.abort(new Error("nobody reads the answers any more")));
  process.stderr.on("error", () => undefined);
  const { signal } = interruption;
  let failure: unknown;
  try {
    await talk(settings, signal);
  } catch (error) {
    failure = error;
  }
  if (signal.aborted) {
    process.stderr.write(`timestamp-client: ${(signal.reason as Error).message}\n`);
    return ExitCode.interrupted;
  }
  if (failure === undefined) return ExitCode.answered;
  const code = exitCodeOf(failure);
  process.stderr.write(`timestamp-client: ${printable((failure as Error).message)}\n`);
  return code;
}

process.exitCode = await main();
