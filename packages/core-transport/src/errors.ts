// The errors of the netcli family. The class says who failed, and so whether the connection survives:
// ConnectError, TlsError, TimeoutError, ConnectionClosedError: the connection is gone.
// ProtocolError, LimitError: the peer broke the rules; the connection was destroyed.
// ReplyError: the peer said no; the connection stays usable. ArgumentError, NotSupportedError: nothing was sent.
import type { Reply } from "./reply.ts";

// Registered symbol: two copies of this package in one process recognise each other's errors.
const kinds: unique symbol = Symbol.for("netcli.error.kinds");

function kindsOf(type: typeof NetcliError): readonly string[] {
  const names: string[] = [];
  for (let at: unknown = type; typeof at === "function"; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, "kind")) names.push((at as typeof NetcliError).kind);
  }
  return names;
}

/** What every netcli error may carry beside its message. */
export interface NetcliErrorOptions {
  /** The error underneath, for example Node's system error. */
  cause?: unknown;
  /** Overrides the class's stable code where one class has several. */
  code?: string;
}

/** NetcliError is the base of all errors that netcli packages throw. `instanceof` works across copies of the package. */
export class NetcliError extends Error {
  static readonly kind: string = "NetcliError";

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!Object.hasOwn(this, "kind")) return Function.prototype[Symbol.hasInstance].call(this, value);
    return (
      typeof value === "object" &&
      value !== null &&
      ((value as { [kinds]?: readonly string[] })[kinds]?.includes(this.kind) ?? false)
    );
  }

  /** A stable identifier, `ERR_NETCLI_...`, for programs to act on. */
  readonly code: string;
  /** For a transfer that failed: the bytes of content moved before that. */
  declare bytesTransferred?: number;

  constructor(message: string, defaultCode: string, options: NetcliErrorOptions = {}) {
    super(message, options.cause !== undefined ? { cause: options.cause } : undefined);
    this.code = options.code ?? defaultCode;
    Object.defineProperty(this, kinds, { value: kindsOf(new.target) });
    Object.defineProperty(this, "name", { value: new.target.kind, configurable: true, writable: true });
  }
}

/** ConnectError: no connection could be made. `systemCode` is what Python's `connect_ex` returns as a number. */
export class ConnectError extends NetcliError {
  static override readonly kind: string = "ConnectError";
  /** Node's name of the system error, such as `ECONNREFUSED` or `ENOTFOUND`. */
  readonly systemCode: string | undefined;

  constructor(message: string, options: NetcliErrorOptions & { systemCode?: string | undefined } = {}) {
    super(message, "ERR_NETCLI_CONNECT", options);
    this.systemCode = options.systemCode;
  }
}

/**
 * TlsError: the secure layer could not be set up, or was tampered with. Codes: `ERR_NETCLI_TLS`,
 * `ERR_NETCLI_CERTIFICATE` (the peer's certificate was refused), `ERR_NETCLI_STARTTLS_INJECTION`.
 */
export class TlsError extends NetcliError {
  static override readonly kind: string = "TlsError";
  constructor(message: string, options: NetcliErrorOptions = {}) {
    super(message, "ERR_NETCLI_TLS", options);
  }
}

/** What we were waiting for when the time was up. */
export type TimeoutPhase =
  | "connect"
  | "tls"
  | "greeting"
  | "reply"
  | "stall"
  | "close"
  | "handshake"
  | "handler"
  | "total";

/** TimeoutError: the peer took longer than the timeout of that phase allows. */
export class TimeoutError extends NetcliError {
  static override readonly kind: string = "TimeoutError";
  readonly phase: TimeoutPhase;
  /** The timeout that was exceeded, in milliseconds. */
  readonly milliseconds: number;

  constructor(message: string, phase: TimeoutPhase, milliseconds: number, options: NetcliErrorOptions = {}) {
    super(message, "ERR_NETCLI_TIMEOUT", options);
    this.phase = phase;
    this.milliseconds = milliseconds;
  }
}

/** ConnectionClosedError: the connection ended before the work was done, or was used after its end. */
export class ConnectionClosedError extends NetcliError {
  static override readonly kind: string = "ConnectionClosedError";
  /** The last reply that came, often the server's reason ("421 timeout"). */
  readonly lastReply: Reply | undefined;

  constructor(message: string, options: NetcliErrorOptions & { lastReply?: Reply | undefined } = {}) {
    super(message, "ERR_NETCLI_CLOSED", options);
    this.lastReply = options.lastReply;
  }
}

/** ProtocolError: the peer sent what the protocol does not allow. The connection was destroyed. */
export class ProtocolError extends NetcliError {
  static override readonly kind: string = "ProtocolError";
  constructor(message: string, options: NetcliErrorOptions = {}) {
    super(message, "ERR_NETCLI_PROTOCOL", options);
  }
}

/** LimitError: the peer sent more than a limit allows. The connection was destroyed. */
export class LimitError extends NetcliError {
  static override readonly kind: string = "LimitError";
  /** The name of the limit, a key of `Limits`. */
  readonly limit: string;

  constructor(message: string, limit: string, options: NetcliErrorOptions = {}) {
    super(message, "ERR_NETCLI_LIMIT", options);
    this.limit = limit;
  }
}

/** ReplyError: the peer understood and said no. The connection stays usable. */
export class ReplyError<R extends Reply = Reply> extends NetcliError {
  static override readonly kind: string = "ReplyError";
  readonly reply: R;
  /** The command that was refused, with secrets replaced. */
  readonly command: string;
  /** The same command may succeed later (4yz). */
  readonly isTemporary: boolean;
  /** The same command will fail again (5yz). */
  readonly isPermanent: boolean;

  constructor(
    message: string,
    details: { reply: R; command: string; isTemporary: boolean; isPermanent: boolean },
    options: NetcliErrorOptions = {},
  ) {
    super(message, "ERR_NETCLI_REPLY", options);
    this.reply = details.reply;
    this.command = details.command;
    this.isTemporary = details.isTemporary;
    this.isPermanent = details.isPermanent;
  }
}

/** ArgumentError: the caller's argument can't be used. Nothing was sent. */
export class ArgumentError extends NetcliError {
  static override readonly kind: string = "ArgumentError";
  constructor(message: string, options: NetcliErrorOptions = {}) {
    super(message, "ERR_NETCLI_ARGUMENT", options);
  }
}

/** NotSupportedError: the peer or this platform lacks what was asked for. Nothing was sent. */
export class NotSupportedError extends NetcliError {
  static override readonly kind: string = "NotSupportedError";
  constructor(message: string, options: NetcliErrorOptions = {}) {
    super(message, "ERR_NETCLI_NOT_SUPPORTED", options);
  }
}
