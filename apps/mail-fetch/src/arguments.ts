// What the command line asks for.
import { parseArgs } from "node:util";
import { parseSeconds, parseTlsMode, versionLine } from "@netcli/command-line";
import type { TlsMode } from "@netcli/core-transport";
import { type Account, parseAccount } from "./account.ts";
import { HELP } from "./help.ts";
import { parseSize } from "./size.ts";

// What stdout shows can't be asked for together with what goes into files.
const PLACES = ["list", "save", "mbox"] as const;

export interface Settings {
  readonly account: Account;
  readonly list: boolean;
  /** A Maildir. */
  readonly save: string | undefined;
  /** A file. */
  readonly mbox: string | undefined;
  readonly delete: boolean;
  readonly onlyNew: boolean;
  /** Where that is remembered; undefined: at the usual place. */
  readonly state: string | undefined;
  readonly maxSize: number;
  readonly newestFirst: boolean;
  readonly tls: TlsMode | undefined;
  readonly ca: string | undefined;
  readonly insecure: boolean;
  /** Undefined: as long as the protocol wants. */
  readonly milliseconds: number | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/**
 * A text is the help or the version, which was asked for. Throws an Error that says what is wrong with the arguments.
 */
export function readArguments(): Settings | string {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: "boolean", short: "l", default: false },
      save: { type: "string", short: "s" },
      mbox: { type: "string", short: "m" },
      keep: { type: "boolean", default: false },
      delete: { type: "boolean", default: false },
      new: { type: "boolean", short: "n", default: false },
      state: { type: "string" },
      "max-size": { type: "string" },
      "newest-first": { type: "boolean", default: false },
      tls: { type: "string" },
      ca: { type: "string" },
      insecure: { type: "boolean", default: false },
      timeout: { type: "string" },
      quiet: { type: "boolean", short: "q", default: false },
      verbose: { type: "boolean", short: "v", default: false },
      help: { type: "boolean", short: "h", default: false },
      version: { type: "boolean", default: false },
    },
  });
  if (values.help) return HELP;
  if (values.version) return versionLine(new URL("../package.json", import.meta.url));
  const { list, save, mbox, state, timeout, "max-size": maxSize } = values;
  const [url = process.env["MAIL_FETCH_URL"], more] = positionals;
  if (url === undefined) throw new Error("name a URL, or set MAIL_FETCH_URL");
  if (more !== undefined) throw new Error("name one URL only");
  const [place, other] = PLACES.filter((option) => values[option] !== undefined && values[option] !== false);
  if (other !== undefined) throw new Error(`--${other} goes without --${place}`);
  for (const option of ["save", "mbox", "state"] as const) {
    if (values[option] === "") throw new Error(`--${option} is the name of a file`);
  }
  if (values.delete && values.keep) throw new Error("--delete goes without --keep");
  if (values.delete && save === undefined && mbox === undefined) {
    throw new Error("--delete needs --save or --mbox: only what is on the disk is deleted");
  }
  if (state !== undefined && !values.new) throw new Error("--state goes with --new");
  return {
    account: parseAccount(url),
    list,
    save,
    mbox,
    delete: values.delete,
    onlyNew: values.new,
    state,
    maxSize: maxSize === undefined ? Infinity : parseSize("--max-size", maxSize),
    newestFirst: values["newest-first"],
    tls: parseTlsMode(values.tls),
    ca: values.ca,
    insecure: values.insecure,
    milliseconds: timeout === undefined ? undefined : parseSeconds("--timeout", timeout),
    quiet: values.quiet,
    verbose: values.verbose,
  };
}
