// What the command line asks for.
import { parseArgs } from "node:util";
import { normalizeHost } from "@netcli/core-transport";

const STYLES = ["handler", "stream", "protocol"] as const;

export interface Settings {
  readonly style: (typeof STYLES)[number];
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** The path of a Unix socket, instead of host and port. */
  readonly unix: string | undefined;
  /** Datagrams instead of connections. */
  readonly udp: boolean;
  /** Worker processes; undefined: all is done in this one. */
  readonly workers: number | undefined;
}

/** Undefined: the help was asked for. Throws an Error that says what is wrong with the arguments. */
export function readArguments(): Settings | undefined {
  const { values } = parseArgs({
    options: {
      host: { type: "string" },
      port: { type: "string" },
      unix: { type: "string" },
      udp: { type: "boolean", default: false },
      style: { type: "string", default: "handler" },
      workers: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const { unix, udp } = values;
  if (unix !== undefined && (values.host !== undefined || values.port !== undefined))
    throw new Error("--unix goes without --host and --port");
  const style = STYLES.find((name) => name === values.style);
  if (style === undefined) throw new Error(`--style is one of ${STYLES.join(", ")}`);
  if (udp && style === "protocol") throw new Error("--style protocol has no --udp");
  if (values.workers !== undefined && style !== "handler")
    throw new Error("--workers goes with --style handler only");
  const port = Number(values.port ?? 21567);
  if (!/^\d{1,5}$/.test(values.port ?? "0") || port > 65_535) throw new Error("--port is 0 to 65535");
  const workers = values.workers === undefined ? undefined : Number(values.workers);
  if (values.workers !== undefined && !/^[1-9]\d{0,3}$/.test(values.workers))
    throw new Error("--workers is 1 to 9999");
  return { style, host: normalizeHost(values.host ?? "127.0.0.1"), port, unix, udp, workers };
}
