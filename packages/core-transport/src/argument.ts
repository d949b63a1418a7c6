// Command lines, and the one check that every argument passes before a byte is written: CR, LF and NUL
// would end the line and begin another command (RFC 959 5.3, RFC 5321 2.3.8, RFC 1939 3, RFC 3977 3.1).
import { ArgumentError } from "./errors.ts";

const NAMES = new Map([
  [0x0d, "a carriage return"],
  [0x0a, "a line feed"],
  [0x00, "a NUL"],
]);

const FORBIDDEN = /[\r\n\0]/;

/**
 * Throws ArgumentError if `value` holds CR, LF or NUL. Bytes are looked at as they go over the wire: a
 * conversion may make a line end of a harmless character (U+760A cut to 8 bits is LF).
 */
export function assertArgument(name: string, value: string | Uint8Array): void {
  const forbidden = findForbidden(value);
  if (forbidden !== undefined) throw new ArgumentError(`${name} contains ${forbidden}; nothing was sent`);
}

function findForbidden(value: string | Uint8Array): string | undefined {
  if (typeof value === "string") {
    return FORBIDDEN.test(value) ? NAMES.get(value.charCodeAt(value.search(FORBIDDEN))) : undefined;
  }
  for (const [byte, name] of NAMES) if (value.includes(byte)) return name;
  return undefined;
}

/** CommandLine is one line that is safe to send, and the form of it that may be shown. */
export interface CommandLine {
  /** The line without its end; a string goes out as UTF-8. */
  readonly line: string | Uint8Array;
  /** The line with secrets replaced by `****`: for traces and errors. */
  readonly shown: string;
}

export interface CommandLineOptions {
  /** Hides the arguments in `shown`. */
  secret?: boolean;
  /** Encodes the line where the peer does not speak UTF-8. */
  encode?: (text: string) => Uint8Array;
}

/** Joins a verb and its arguments with spaces. Throws ArgumentError before anything can be sent. */
export function commandLine(
  verb: string,
  args?: readonly string[],
  options?: CommandLineOptions,
): CommandLine {
  const hasArguments = args !== undefined && args.length > 0;
  const text = hasArguments ? `${verb} ${args.join(" ")}` : verb;
  const line = options?.encode === undefined ? text : options.encode(text);
  const forbidden = findForbidden(line);
  if (forbidden !== undefined) {
    const what = /^[\w-]+$/.test(verb) ? `the argument of ${verb}` : "the command";
    throw new ArgumentError(`${what} contains ${forbidden}; nothing was sent`);
  }
  return { line, shown: hasArguments && options?.secret === true ? `${verb} ****` : text };
}
