// What a connection to an SMTP or LMTP server can be given.
import {
  ArgumentError,
  assertArgument,
  assertTlsMode,
  parseServerUrl,
  type ConnectOptions,
  type Timeouts,
  type TlsMode,
  type TlsOptions,
  type TlsTickets,
} from "@netcli/core-transport";
import { hasCredentials, type LoginOptions } from "@netcli/sasl";
import { assertWord } from "./command.ts";

export interface SmtpOptions extends Omit<ConnectOptions, "tls" | "decode">, LoginOptions {
  /** Default 465 with `tls: "implicit"`, 587 with credentials (RFC 6409), else 25; with LMTP 24. */
  port?: number | undefined;
  /** LMTP (RFC 2033) has a reply for each recipient behind the message. Default `smtp`. */
  protocol?: "smtp" | "lmtp" | undefined;
  /** What we call ourselves. Default: this host's name if that has a domain, else our address in brackets. */
  name?: string | undefined;
  /**
   * When to use TLS. Default: `implicit` on port 465; `starttls` with credentials, else `opportunistic`. To a server on
   * this machine, where nobody is in between: with credentials if it is offered, and not verified; else `none`.
   */
  tls?: TlsMode | undefined;
  /** How to verify the server; see core-transport. */
  tlsOptions?: TlsOptions | undefined;
  /**
   * Whether commands are sent before the one before them is answered, where the server offers that (RFC 2920). `safe`:
   * sender, recipients and DATA go out together. `full`: what the next message needs also goes out behind this one's
   * content. Default `safe`.
   */
  pipelining?: "off" | "safe" | "full" | undefined;
  /**
   * Sends messages with BDAT where the server offers that (RFC 3030): byte for byte, line ends as they are. Default
   * false: with DATA, where every line end becomes CRLF.
   */
  chunking?: boolean | undefined;
  /** Milliseconds from the end of a message to the reply to it. Default 600,000 (RFC 5321 4.5.3.2.6). */
  messageTimeout?: number | undefined;
}

// IANA; RFC 8314, RFC 6409, RFC 5321, RFC 2033 5.
const SUBMISSIONS_PORT = 465;
const SUBMISSION_PORT = 587;
const SMTP_PORT = 25;
const LMTP_PORT = 24;

// RFC 5321 4.5.3.2.6: a server may be slow at the end, and who gives up too early has the message delivered twice.
const MESSAGE_MILLISECONDS = 600_000;

// RFC 5321 4.5.3.2: recipients may be looked up elsewhere; content may be scanned as it comes. The greeting may be late
// on purpose, to unmask those who do not wait.
const TIMEOUTS: Partial<Timeouts> = { greeting: 60_000, reply: 300_000, stall: 180_000 };

/** How messages are sent; nothing in it is secret. */
export interface SendSettings {
  readonly protocol: "smtp" | "lmtp";
  readonly messageTimeout: number;
  readonly pipelining: "off" | "safe" | "full";
  readonly chunking: boolean;
  /** What is found out about the server, shared by all sessions that this is used for. */
  readonly findings: Findings;
}

/** Options with those defaults filled in that depend on nothing but the options. */
export interface SmtpTarget extends SmtpOptions {
  readonly settings: SendSettings;
  /** Shared by all sessions that this is used for. */
  readonly tickets?: TlsTickets | undefined;
}

/** What a server was seen not to stand. */
interface Findings {
  /** An envelope behind the content of the message before it. */
  refusesOverlap: boolean;
}

/** Reads a URL or options. Throws ArgumentError. */
export function resolveOptions(given: string | URL | SmtpOptions): SmtpTarget {
  const options = typeof given === "string" || given instanceof URL ? optionsOfUrl(given) : given;
  const {
    protocol = "smtp",
    pipelining = "safe",
    messageTimeout = MESSAGE_MILLISECONDS,
    name,
    user,
    password,
  } = options;
  if (!["smtp", "lmtp"].includes(protocol)) {
    throw new ArgumentError(`protocol must be "smtp" or "lmtp", not "${protocol}"`);
  }
  if (!["off", "safe", "full"].includes(pipelining)) {
    throw new ArgumentError(`pipelining must be "off", "safe" or "full", not "${pipelining}"`);
  }
  if (!(messageTimeout > 0)) {
    throw new ArgumentError(`messageTimeout must be a number above 0, not ${messageTimeout}`);
  }
  assertTlsMode(options.tls);
  if (name !== undefined) assertWord("the name", name);
  if (user !== undefined) assertArgument("the user", user);
  if (typeof password === "string") assertArgument("the password", password);
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const { chunking = false } = options;
  const findings = { refusesOverlap: false };
  const target = {
    ...options,
    timeouts,
    settings: { protocol, messageTimeout, pipelining, chunking, findings },
  };
  if (options.path !== undefined) return target;
  const port = options.port ?? defaultPort(protocol, options);
  const tls = options.tls ?? (port === SUBMISSIONS_PORT ? "implicit" : undefined);
  return { ...target, port, tls };
}

function defaultPort(protocol: "smtp" | "lmtp", options: SmtpOptions): number {
  if (protocol === "lmtp") return LMTP_PORT;
  if (options.tls === "implicit") return SUBMISSIONS_PORT;
  return hasCredentials(options) ? SUBMISSION_PORT : SMTP_PORT;
}

function optionsOfUrl(url: string | URL): SmtpOptions {
  const { scheme, host, port, isPortGiven, user, password, path } = parseServerUrl(url);
  if (scheme !== "smtp" && scheme !== "smtps" && scheme !== "lmtp") {
    throw new ArgumentError(`"${scheme}:" is not a URL of an SMTP or LMTP server`);
  }
  if (path !== "") throw new ArgumentError("the URL of an SMTP server has no path");
  return {
    host,
    ...(isPortGiven ? { port } : {}),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(scheme === "smtps" ? { tls: "implicit" } : {}),
    ...(scheme === "lmtp" ? { protocol: "lmtp" } : {}),
  };
}
