#!/usr/bin/env node
// ftp-download: fetches one file over FTP, shows how far it is, and says clearly what went wrong.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { printable, type TlsMode, type TraceEvent } from "@netcli/core-transport";
import { FtpClient } from "@netcli/ftp";
import { describeFailure, ExitCode } from "./exit-code.ts";
import { askPassword } from "./password.ts";
import { CLEAR_LINE, ProgressBar } from "./progress-bar.ts";
import { parseTarget, type Target } from "./target.ts";

const HELP = `Usage: ftp-download [options] ftp://[user@]host[:port]/directory/file

Downloads a file over FTP. It appears under its name only when it is complete.
Without a user the access is anonymous. The password of a user is asked for, or
taken from the environment variable FTP_PASSWORD. With a user TLS is required,
unless the server is on this machine.

Options:
  -o, --output FILE      where to save it (default: here, under its own name)
      --tls MODE         implicit, starttls, opportunistic or none
      --insecure         accept any certificate
      --timeout SECONDS  how long to wait for the server (default: 30)
  -v, --verbose          show the dialogue with the server, without passwords
  -h, --help             show this text

Exit codes:
  0 saved                     5 no such directory
  2 wrong usage               6 cannot read the file
  3 cannot reach the host     7 cannot write the local file
  4 cannot log in             8 the connection broke
                            130 interrupted
`;

const TLS_MODES = ["implicit", "starttls", "opportunistic", "none"] as const;

interface Settings extends Target {
  readonly output: string;
  readonly tls: TlsMode | undefined;
  readonly insecure: boolean;
  readonly milliseconds: number;
  readonly verbose: boolean;
}

/** Undefined: the help was asked for. Throws an Error that says what is wrong with the arguments. */
function readArguments(): Settings | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      output: { type: "string", short: "o" },
      tls: { type: "string" },
      insecure: { type: "boolean", default: false },
      timeout: { type: "string", default: "30" },
      verbose: { type: "boolean", short: "v", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const [url, ...more] = positionals;
  if (url === undefined || more.length > 0) throw new Error("name one URL");
  const tls = TLS_MODES.find((mode) => mode === values.tls);
  if (values.tls !== undefined && tls === undefined)
    throw new Error(`--tls is one of ${TLS_MODES.join(", ")}`);
  const seconds = /^\d+(?:\.\d+)?$/.test(values.timeout) ? Number(values.timeout) : 0;
  if (seconds === 0) throw new Error("--timeout is a number of seconds above 0");
  const target = parseTarget(url);
  return {
    ...target,
    output: resolve(values.output ?? target.file),
    tls: tls ?? target.tls,
    insecure: values.insecure,
    milliseconds: seconds * 1_000,
    verbose: values.verbose,
  };
}

function showDialogue({ kind, text }: TraceEvent): void {
  const mark = { sent: "C:", received: "S:", event: "--" }[kind];
  // The bar may stand there; it comes back with the next bytes.
  const clear = process.stderr.isTTY ? CLEAR_LINE : "";
  process.stderr.write(`${clear}${mark} ${printable(text)}\n`);
}

async function logIn(settings: Settings, signal: AbortSignal): Promise<FtpClient> {
  const { host, port, user, directory, tls, insecure, milliseconds, verbose } = settings;
  const password =
    user === undefined ? undefined : (settings.password ?? (await askPassword(user, host, signal)));
  return FtpClient.connect({
    host,
    port,
    user,
    password,
    directory,
    tls,
    tlsOptions: { insecure },
    timeouts: { connect: milliseconds, greeting: milliseconds, reply: milliseconds, stall: milliseconds },
    signal,
    ...(verbose ? { trace: showDialogue } : {}),
  });
}

async function save(client: FtpClient, { file, output }: Settings, signal: AbortSignal): Promise<void> {
  const bar = new ProgressBar(file, process.stderr);
  try {
    const { bytes } = await client.download(file, output, {
      onProgress: (progress) => bar.update(progress.bytes, progress.total),
      signal,
    });
    bar.clear();
    process.stderr.write(`saved ${printable(output)} (${bytes} bytes)\n`);
  } finally {
    bar.clear();
    if (signal.aborted) client.close();
    else await client.quit();
  }
}

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
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    // A second one ends the process at once.
    process.once(name, () => interruption.abort(new Error("interrupted")));
  }
  const { signal } = interruption;
  let client: FtpClient | undefined;
  try {
    client = await logIn(settings, signal);
    await save(client, settings, signal);
    return ExitCode.saved;
  } catch (error) {
    const failure = signal.aborted
      ? { code: ExitCode.interrupted, text: "interrupted; nothing was saved" }
      : describeFailure(error, settings, client !== undefined);
    process.stderr.write(`ftp-download: ${printable(failure.text)}\n`);
    return failure.code;
  }
}

process.exitCode = await main();
