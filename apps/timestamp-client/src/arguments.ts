// What the command line asks for.
import { parseArgs } from "node:util";
import { assertArgument, normalizeHost } from "@netcli/core-transport";

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, instead of host and port. */
  readonly unix: string | undefined;
  /** Datagrams instead of connections. */
  readonly udp: boolean;
  /** The only line to send; undefined: lines are read. */
  readonly message: string | undefined;
  /** How long to wait for the connection, and then for the answer. */
  readonly milliseconds: number;
}

/** Undefined: the help was asked for. Throws an Error that says what is wrong with the arguments. */
export function readArguments(): Settings | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      host: { type: "string" },
      port: { type: "string" },
      unix: { type: "string" },
      udp: { type: "boolean", default: false },
      message: { type: "string", short: "m" },
      timeout: { type: "string", default: "5" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const { unix, udp, message } = values;
  if (message !== undefined) assertArgument("the message", message);
  const [host, port, ...more] = positionals;
  if (more.length > 0) throw new Error("name one host and one port");
  if ((host !== undefined && values.host !== undefined) || (port !== undefined && values.port !== undefined))
    throw new Error("name the host and the port once");
  const givenHost = host ?? values.host;
  const givenPort = port ?? values.port ?? "21567";
  if (unix !== undefined) {
    if (givenHost !== undefined || values.port !== undefined)
      throw new Error("--unix goes without host and port");
    if (udp) throw new Error("--unix goes without --udp");
  }
  const number = /^\d{1,5}$/.test(givenPort) ? Number(givenPort) : 0;
  if (number < 1 || number > 65_535) throw new Error("the port is 1 to 65535");
  const seconds = /^\d+(?:\.\d+)?$/.test(values.timeout) ? Number(values.timeout) : 0;
  if (seconds === 0) throw new Error("--timeout is a number of seconds above 0");
  return {
    host: normalizeHost(givenHost ?? "127.0.0.1"),
    port: number,
    unix,
    udp,
    message,
    milliseconds: seconds * 1_000,
  };
}
