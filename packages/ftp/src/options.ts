// What a connection to an FTP server can be given.
import { isIP } from "node:net";
import {
  ArgumentError,
  assertArgument,
  assertTlsMode,
  parseServerUrl,
  type ConnectOptions,
  type TlsMode,
  type TlsOptions,
} from "@netcli/core-transport";
import { loginCommands } from "./auth.ts";
import { FtpCommands } from "./command.ts";
import { encodingOf, type FtpEncoding } from "./encoding.ts";
import { Trust } from "./trust.ts";

export interface FtpOptions extends Omit<ConnectOptions, "path" | "tls" | "decode"> {
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
  /** How to verify the server; see core-transport. `ALPNProtocols` is `["ftp"]` on the control connection by default. */
  tlsOptions?: TlsOptions | undefined;
  /** Sets TLS up so that `ccc` can take it off the control connection again. Default false. */
  allowCcc?: boolean | undefined;
  /** The name by which a server that has several is meant (RFC 7151 HOST), sent before USER. Default: none. */
  virtualHost?: string | undefined;
  /**
   * Who makes data connections: we do (passive), or the server does, to the address of ours named here, which is
   * that of the control connection by default, and one of these ports. Default false: passive.
   */
  active?:
    | boolean
    | { readonly address?: string; readonly ports?: readonly [first: number, last: number] }
    | undefined;
  /**
   * Rejects with ProtocolError where the answer to PASV names another machine than that of the control connection, or
   * a port below 1024. Data connections go to that machine in any case; by default what else is named is ignored.
   */
  strictPassive?: boolean | undefined;
  /**
   * Whether commands are sent before the one before them is answered. `safe`: where the usual servers were seen to
   * stand it: USER with PASS, TYPE and REST with EPSV, what is asked for at one time, and with vsftpd EPSV during the
   * transfer before.
   * `full`: what is uploaded in clear goes out before the server has said that it may, too: a refusal then comes when
   * some of the source was read. A server that does not stand it is found out, and asked step by step. Default `safe`.
   */
  pipelining?: "off" | "safe" | "full" | undefined;
  /** Compresses what goes over data connections, listings too, if the server offers that (MODE Z). Default false. */
  compress?: boolean | undefined;
  /** Milliseconds between NOOPs during a transfer, for routers that forget silent connections. Default: none. */
  keepAlive?: number | undefined;
  /** Of names. Default `utf8`. */
  encoding?: "utf8" | "latin1" | FtpEncoding | undefined;
  /** Entered after login; what is relative is relative to it. Default: where the server puts us. */
  directory?: string | undefined;
}

// RFC 959, RFC 4217 and IANA.
const FTP_PORT = 21;
const FTPS_PORT = 990;

/** Options with those defaults filled in that depend on nothing but the options. */
export interface FtpTarget extends FtpOptions {
  readonly port: number;
  /** Undefined: UTF-8. */
  readonly codec: FtpEncoding | undefined;
  /** Shared by all sessions that this is used for. */
  readonly trust: Trust;
}

/** Reads a URL or options. Throws ArgumentError. */
export function resolveOptions(given: string | URL | FtpOptions | FtpTarget): FtpTarget {
  const options: FtpOptions | FtpTarget =
    typeof given === "string" || given instanceof URL ? optionsOfUrl(given) : given;
  const { user = "", password = "", account = "", directory = "", virtualHost = "", active } = options;
  const codec = encodingOf(options.encoding);
  loginCommands(codec, { user, password, account });
  assertArgument("the directory", directory);
  assertArgument("the virtual host", virtualHost);
  new FtpCommands(codec).of("CWD", directory);
  assertActive(active);
  assertTlsMode(options.tls);
  const port = options.port ?? (options.tls === "implicit" ? FTPS_PORT : FTP_PORT);
  const tls = options.tls ?? (port === FTPS_PORT ? "implicit" : undefined);
  const { pipelining = "safe", keepAlive } = options;
  if (!["off", "safe", "full"].includes(pipelining)) {
    throw new ArgumentError(`pipelining must be "off", "safe" or "full", not "${pipelining}"`);
  }
  if (keepAlive !== undefined && !(keepAlive > 0)) {
    throw new ArgumentError(`keepAlive must be a number above 0, not ${keepAlive}`);
  }
  const known = "trust" in options ? options.trust : undefined;
  const trust = known?.mode === pipelining ? known : new Trust(pipelining);
  return { ...options, port, tls, pipelining, codec, trust };
}

function assertActive(active: FtpOptions["active"]): void {
  if (typeof active !== "object") return;
  const { address, ports } = active;
  if (address !== undefined && isIP(address) === 0) {
    throw new ArgumentError(`the address for active mode must be an IP address, not "${address}"`);
  }
  const [first, last] = ports ?? [1, 1];
  const isRange = [first, last].every((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  if (!isRange || first > last) throw new ArgumentError(`the ports ${first} to ${last} are none`);
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
