// What a connection to an FTP server can be given.
import {
  ArgumentError,
  assertArgument,
  parseServerUrl,
  type ConnectOptions,
  type TlsMode,
  type TlsOptions,
} from "@netcli/core-transport";
import { assertCredentials } from "./auth.ts";

export interface FtpOptions extends Omit<ConnectOptions, "path" | "tls"> {
  host: string;
  /** Default 21, or 990 with `tls: "implicit"` (RFC 4217). */
  port?: number | undefined;
  /** Default: anonymous. */
  user?: string | undefined;
  password?: string | undefined;
  /** For servers that ask for one with 332. */
  account?: string | undefined;
  /**
   * When to use TLS. Default: `implicit` on port 990; `starttls` with a user, but `opportunistic` if the server
   * is on this machine; `none` for anonymous access.
   */
  tls?: TlsMode | undefined;
  /** How to verify the server; see core-transport. */
  tlsOptions?: TlsOptions | undefined;
  /** Entered after login; what is relative is relative to it. Default: where the server puts us. */
  directory?: string | undefined;
}

// RFC 959, RFC 4217 and IANA.
const FTP_PORT = 21;
const FTPS_PORT = 990;

/** Options with those defaults filled in that depend on nothing but the options. */
export interface FtpTarget extends FtpOptions {
  readonly port: number;
}

/** Reads a URL or options. Throws ArgumentError. */
export function resolveOptions(given: string | URL | FtpOptions): FtpTarget {
  const options = typeof given === "string" || given instanceof URL ? optionsOfUrl(given) : given;
  assertCredentials(options);
  assertArgument("the directory", options.directory ?? "");
  const port = options.port ?? (options.tls === "implicit" ? FTPS_PORT : FTP_PORT);
  const tls = options.tls ?? (port === FTPS_PORT ? "implicit" : undefined);
  return { ...options, port, tls };
}

function optionsOfUrl(url: string | URL): FtpOptions {
  const { scheme, host, port, user, password, path } = parseServerUrl(url);
  if (scheme !== "ftp" && scheme !== "ftps")
    throw new ArgumentError(`"${scheme}:" is not a URL of an FTP server`);
  const directory = path.replace(/(?<=.)\/$/, "");
  return {
    host,
    port,
    user,
    password,
    ...(scheme === "ftps" ? { tls: "implicit" } : {}),
    ...(directory === "" ? {} : { directory }),
  };
}
