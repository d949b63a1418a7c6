#!/usr/bin/env node
// timestamp-server: the books' server that answers each line with the time and the line, in three styles.
import { ArgumentError, NetcliError, printable } from "@netcli/core-transport";
import { readArguments, type Settings } from "./arguments.ts";
import { ExitCode } from "./exit-code.ts";
import { startHandlers } from "./handler-style.ts";
import { startProtocol } from "./protocol-style.ts";
import type { Running } from "./running.ts";
import { startFunction } from "./stream-style.ts";

const HELP = `Usage: timestamp-server [options]

Answers each line with the time and the line: [Fri Nov  6 09:05:00 2026] hello
Lines end with LF or CRLF. All clients are served at the same time, in every
style; the TCPServer of the books serves one after the other.

Options:
      --host HOST     where to listen (default: 127.0.0.1; 0.0.0.0 for all)
      --port PORT     0 for a free one (default: 21567)
      --unix PATH     listen on a Unix socket instead
      --udp           answer datagrams instead of lines; with --unix this needs
                      the package unix-dgram
      --style STYLE   how it is written (default: handler):
                        handler   handler classes, as for Python's socketserver
                        stream    one async function
                        protocol  a protocol and a factory, as for Twisted;
                                  not with --udp
      --workers N     serve in N processes; with --style handler only
  -h, --help          show this text

Ctrl-C or SIGTERM stops it: idle connections end at once, requests that have
come are answered, for up to 10 seconds. A second Ctrl-C cuts them.

Exit codes:
  0 stopped                   3 cannot listen there
  2 wrong usage             130 cut by a second Ctrl-C
`;

const STARTS: Readonly<Record<Settings["style"], (settings: Settings) => Promise<Running>>> = {
  handler: startHandlers,
  stream: startFunction,
  protocol: startProtocol,
};

/** Resolves at the next Ctrl-C or SIGTERM, which then does nothing else. */
function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve());
  });
}

function describe({ style, udp, unix, workers }: Settings): string {
  const kind = unix === undefined ? (udp ? "UDP" : "TCP") : udp ? "Unix datagrams" : "Unix";
  const processes = workers === undefined ? "" : `, ${workers} worker process${workers === 1 ? "" : "es"}`;
  return `${kind}, style ${style}${processes}`;
}

/** Says what is wrong. Throws the error again if that is a mistake of ours. */
function fail(error: unknown): ExitCode {
  if (!(error instanceof NetcliError)) throw error;
  process.stderr.write(`timestamp-server: ${printable(error.message)}\n`);
  return ExitCode.deaf;
}

function refuse(error: Error): ExitCode {
  process.stderr.write(`timestamp-server: ${printable(error.message)}\nTry: timestamp-server --help\n`);
  return ExitCode.usage;
}

async function main(): Promise<ExitCode> {
  // Whoever read what we say may be gone (`timestamp-server | head`): that is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  let settings: Settings | undefined;
  try {
    settings = readArguments();
  } catch (error) {
    return refuse(error as Error);
  }
  if (settings === undefined) {
    process.stdout.write(HELP);
    return ExitCode.stopped;
  }
  // Before anybody is told that it runs, and may want to stop it.
  const stopped = nextSignal();
  let running: Running;
  try {
    running = await STARTS[settings.style](settings);
  } catch (error) {
    return error instanceof ArgumentError ? refuse(error) : fail(error);
  }
  console.log(`listening on ${printable(running.address)} (${describe(settings)})`);
  console.log(`waiting for ${settings.udp ? "message" : "connection"}...`);
  await stopped;
  const cut = nextSignal().then(() => ExitCode.cut);
  console.log("stopping; Ctrl-C again cuts what is still connected");
  const code = await Promise.race([running.stop().then(() => ExitCode.stopped), cut]);
  if (code === ExitCode.cut) await running.cut();
  return code;
}

process.exitCode = await main();
