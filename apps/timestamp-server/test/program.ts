// The built server, started as a user would start it: `pnpm test` builds before it tests.
import { connect, type Connection } from "@netcli/core-transport";
import { type Outcome, type Program, type ProgramOptions, startProgram } from "@netcli/test-kit";

export const main: URL = new URL("../dist/main.js", import.meta.url);

/** What it says when it is ready; the first group is its address. */
export const READY: RegExp = /^listening on (\S+) \(.+\)\r?\nwaiting for (?:connection|message)\.\.\.\r?$/m;

/** The time in front of every answer. */
export const STAMP: RegExp =
  /^\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] /;

/** A server that is ready. */
export interface StartedServer extends AsyncDisposable {
  readonly program: Program;
  /** As it was printed. */
  readonly address: string;
  /** NaN for a Unix socket. */
  readonly port: number;
}

/** Runs the program to its end. */
export function run(args: readonly string[]): Promise<Outcome> {
  return startProgram(main, args).outcome;
}

/** Starts a server, on a free port unless a Unix socket is named, and waits until it is ready. */
export async function startServer(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<StartedServer> {
  const place = args.includes("--unix") || args.includes("--port") ? [] : ["--port", "0"];
  const program = startProgram(main, [...args, ...place], options);
  const [, address = ""] = await program.stdout.shows(READY);
  return {
    program,
    address,
    port: Number(/:(\d+)$/.exec(address)?.[1]),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Connects to it. */
export function connectTo({ address, port }: Pick<StartedServer, "address" | "port">): Promise<Connection> {
  return connect(Number.isNaN(port) ? { path: address } : { host: "127.0.0.1", port });
}

/** Sends a line and resolves to the text of the answer, behind its time. */
export async function ask(client: Connection, line: string): Promise<string> {
  await client.writeLine(line);
  return answerOf(await client.readLine());
}

/** The text of an answer, behind its time. */
export function answerOf(answer: string | undefined): string {
  if (answer === undefined || !STAMP.test(answer)) throw new Error(`that is no answer: ${String(answer)}`);
  return answer.replace(STAMP, "");
}
