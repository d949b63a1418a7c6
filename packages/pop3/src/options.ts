// What a connection to a POP3 server can be given.
import {
  ArgumentError,
  assertArgument,
  assertTlsMode,
  parseServerUrl,
  type ConnectOptions,
  type TlsMode,
  type TlsOptions,
} from "@netcli/core-transport";
import type { LoginOptions } from "@netcli/sasl";

export interface Pop3Options extends Omit<ConnectOptions, "path" | "tls" | "decode">, LoginOptions {
  host: string;
  /** Default 110, or 995 with `tls: "implicit"` (RFC 8314). */
  port?: number | undefined;
  /**
   * When to use TLS. Default: `implicit` on port 995; `starttls` (STLS) with credentials, but to a server on this
   * machine, where nobody is in between, only if it is offered, and then not verified.
   */
  tls?: TlsMode | undefined;
  /** How to verify the server; see core-transport. */
  tlsOptions?: TlsOptions | undefined;
  /**
   * Logs in with APOP where the server offers it and nothing better. Its MD5 is broken, and a server in between can
   * find out the first characters of the password (CVE-2007-1558). Default false.
   */
  apop?: boolean | undefined;
  /** Whether commands are sent before the one before them is answered, where the server offers that. Default `safe`. */
  pipelining?: "off" | "safe" | undefined;
  /** Says UTF8 before the login, if the server offers it (RFC 6856): messages may then have UTF-8 in their headers. Default false. */
  utf8?: boolean | undefined;
}

// RFC 1939, RFC 8314 3.3.
const POP3_PORT = 110;
const POP3S_PORT = 995;

/** Options with those defaults filled in that depend on nothing but the options. */
export interface Pop3Target extends Pop3Options {
  readonly port: number;
  readonly pipelining: "off" | "safe";
}

/** Reads a URL or options. Throws ArgumentError. */
export function resolveOptions(given: string | URL | Pop3Options): Pop3Target {
  const options = typeof given === "string" || given instanceof URL ? optionsOfUrl(given) : given;
  const { pipelining = "safe", user, password } = options;
  if (!["off", "safe"].includes(pipelining)) {
    throw new ArgumentError(`pipelining must be "off" or "safe", not "${pipelining}"`);
  }
  assertTlsMode(options.tls);
  if (user !== undefined) assertArgument("the user", user);
  if (typeof password === "string") assertArgument("the password", password);
  const port = options.port ?? (options.tls === "implicit" ? POP3S_PORT : POP3_PORT);
  const tls = options.tls ?? (port === POP3S_PORT ? "implicit" : undefined);
  return { ...options, port, tls, pipelining };
}

function optionsOfUrl(url: string | URL): Pop3Options {
  const { scheme, host, port, user, password, path } = parseServerUrl(url);
  if (scheme !== "pop3" && scheme !== "pop3s") {
    throw new ArgumentError(`"${scheme}:" is not a URL of a POP3 server`);
  }
  if (path !== "") throw new ArgumentError("the URL of a POP3 server has no path");
  return {
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(scheme === "pop3s" ? { tls: "implicit" } : {}),
  };
}
