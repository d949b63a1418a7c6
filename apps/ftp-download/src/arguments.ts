// What the command line asks for.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseSeconds, parseTlsMode } from "@netcli/command-line";
import type { TlsMode } from "@netcli/core-transport";
import { isSafeName } from "@netcli/ftp";
import { HELP } from "./help.ts";
import { parseTarget, type Target } from "./target.ts";

// Where several directories or many small files are to be fetched, one connection mostly waits.
const RECURSIVE_CONNECTIONS = 4;

/** A target, and where it is saved. */
export interface Job {
  readonly target: Target;
  readonly local: string;
}

export interface Settings {
  readonly jobs: readonly Job[];
  /** Made before something is saved there. */
  readonly directory: string | undefined;
  readonly recursive: boolean;
  readonly connections: number;
  readonly segments: number;
  readonly verify: boolean;
  readonly resume: boolean;
  readonly active: boolean;
  readonly tls: TlsMode | undefined;
  readonly insecure: boolean;
  readonly milliseconds: number;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** A text is the help, which was asked for. Throws an Error that says what is wrong with the arguments. */
export function readArguments(): Settings | string {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      output: { type: "string", short: "o" },
      directory: { type: "string", short: "d" },
      recursive: { type: "boolean", short: "r", default: false },
      connections: { type: "string" },
      segments: { type: "string", default: "1" },
      verify: { type: "boolean", default: false },
      "no-resume": { type: "boolean", default: false },
      active: { type: "boolean", default: false },
      tls: { type: "string" },
      insecure: { type: "boolean", default: false },
      timeout: { type: "string", default: "30" },
      quiet: { type: "boolean", short: "q", default: false },
      verbose: { type: "boolean", short: "v", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return HELP;
  const { output, directory, recursive } = values;
  if (positionals.length === 0) throw new Error("name a URL");
  if (output !== undefined && positionals.length > 1)
    throw new Error("-o is for one URL; -d names the directory for several");
  const tls = parseTlsMode(values.tls);
  const milliseconds = parseSeconds("--timeout", values.timeout);
  const segments = parseCount("--segments", values.segments);
  if (recursive && segments > 1)
    throw new Error("--segments goes without -r, which fetches several files at once");
  // Each part has a connection of its own.
  const fewest = Math.max(segments, recursive ? RECURSIVE_CONNECTIONS : 1);
  const connections =
    values.connections === undefined ? fewest : parseCount("--connections", values.connections);
  const jobs = positionals.map((url, at) => {
    try {
      return parseJob(url, { output, directory, recursive });
    } catch (error) {
      if (positionals.length === 1) throw error;
      throw new Error(`URL ${at + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
  assertApart(jobs);
  return {
    jobs,
    directory,
    recursive,
    connections,
    segments,
    verify: values.verify,
    resume: !values["no-resume"],
    active: values.active,
    tls,
    insecure: values.insecure,
    milliseconds,
    quiet: values.quiet,
    verbose: values.verbose,
  };
}

interface Where {
  readonly output: string | undefined;
  readonly directory: string | undefined;
  readonly recursive: boolean;
}

function parseJob(url: string, { output, directory = ".", recursive }: Where): Job {
  const target = parseTarget(url);
  const { name } = target;
  if (target.isDirectory && !recursive)
    throw new Error("the URL names no file but a directory; with -r it is downloaded with all that is in it");
  if (output === undefined && !isSafeName(name)) {
    throw new Error(`${JSON.stringify(name)} can't be the name of a file here; name one with -o`);
  }
  return { target, local: resolve(directory, output ?? name) };
}

function parseCount(option: string, text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (number === 0) throw new Error(`${option} is a whole number from 1 to 999`);
  return number;
}

function assertApart(jobs: readonly Job[]): void {
  const seen = new Set<string>();
  for (const { local } of jobs) {
    if (seen.has(local)) throw new Error(`two of the URLs would be saved as ${local}`);
    seen.add(local);
  }
}
