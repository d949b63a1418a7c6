// A transport for nodemailer: it composes, and we send. `createTransport(netcliTransport(options))`.
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { ArgumentError, ReplyError, type TlsOptions } from "@netcli/core-transport";
import { SmtpClient } from "./client.ts";
import { SendError } from "./errors.ts";
import type { Recipient } from "./order.ts";
import type { RcptOptions } from "./parameters.ts";
import type { SmtpReply } from "./reply.ts";
import type { RecipientResult, SendResult } from "./result.ts";
import type { SmtpClientOptions } from "./sessions.ts";

/** The options of nodemailer's own SMTP transports that mean the same here. */
export interface NodemailerOptions {
  /** `tls: "implicit"`. */
  secure?: boolean | undefined;
  /** `tls: "starttls"`. */
  requireTLS?: boolean | undefined;
  /** `tls: "none"`: a password goes out in clear. */
  ignoreTLS?: boolean | undefined;
  /** `user`, and `password` or `token`. */
  auth?:
    | {
        readonly user?: string | undefined;
        readonly pass?: string | undefined;
        readonly accessToken?: string | undefined;
      }
    | undefined;
  /** `protocol: "lmtp"`. */
  lmtp?: boolean | undefined;
  /** `connections`, by default 5. */
  maxConnections?: number | undefined;
  /** `messagesPerSession`. */
  maxMessages?: number | undefined;
  /** Sessions are kept for the next message for a minute, or until `close`; else for a moment. */
  pool?: boolean | undefined;
  /** `rate`: so many messages in `rateDelta` milliseconds, by default 1,000. */
  rateLimit?: number | undefined;
  rateDelta?: number | undefined;
}

/** Ours, and nodemailer's; `tls` as an object is `tlsOptions`, with `rejectUnauthorized: false` for `insecure`. */
export type TransportOptions = Omit<SmtpClientOptions, "tls"> &
  NodemailerOptions & {
    tls?: SmtpClientOptions["tls"] | (TlsOptions & { readonly rejectUnauthorized?: boolean });
  };

/** What `sendMail` resolves to: nodemailer's fields, and what became of each recipient. */
export interface SentInfo extends Pick<SendResult, "recipients" | "queueId"> {
  readonly envelope: { readonly from: string | false; readonly to: string[] };
  readonly messageId: string;
  readonly accepted: string[];
  readonly rejected: string[];
  readonly rejectedErrors: Error[];
  /** The server's reply to the message, with its code. */
  readonly response: string;
  readonly [key: string]: unknown;
}

/** What we need of nodemailer's MailMessage. */
interface ComposedMail {
  readonly data: {
    readonly signal?: AbortSignal | undefined;
    readonly dsn?: NodemailerDsn | undefined;
    readonly requireTLSExtensionEnabled?: boolean | undefined;
  };
  readonly message: {
    getEnvelope(): { readonly from: string | false; readonly to: string[] };
    messageId(): string;
    createReadStream(): Readable;
  };
}

interface NodemailerDsn {
  readonly ret?: string | null | undefined;
  readonly return?: string | undefined;
  readonly envid?: string | null | undefined;
  readonly id?: string | undefined;
  readonly notify?: string | string[] | null | undefined;
  readonly recipient?: string | undefined;
  readonly orcpt?: string | null | undefined;
}

/** What nodemailer calls a transport. */
export interface NetcliTransport {
  readonly name: string;
  readonly version: string;
  readonly supportsAbortSignal: boolean;
  send(mail: ComposedMail, callback: (error: Error | null, info?: SentInfo) => void): void;
  /** Connects and logs in, if that is not so already. */
  verify(callback?: (error: Error | null, success?: true) => void): Promise<true> | undefined;
  /** Ends the sessions when their messages are sent; at once with `force`. */
  close(options?: { readonly force?: boolean }): void;
}

// As nodemailer's pool.
const CONNECTIONS = 5;
const RATE_MILLISECONDS = 1_000;

// Who does not ask for a pool does not close one either: sessions must not keep the program running.
const MOMENT_MILLISECONDS = 250;

/** For `nodemailer.createTransport`. Takes our options, a URL, or nodemailer's. Throws ArgumentError. */
export function netcliTransport(options: string | URL | TransportOptions): NetcliTransport {
  const resolved = typeof options === "string" || options instanceof URL ? options : clientOptions(options);
  return new Transport(resolved);
}

class Transport implements NetcliTransport {
  readonly name: string = "@netcli/smtp";
  readonly version: string = version();
  readonly supportsAbortSignal: boolean = true;
  readonly #options: string | URL | SmtpClientOptions;
  #connecting: Promise<SmtpClient> | undefined;

  constructor(options: string | URL | SmtpClientOptions) {
    this.#options = options;
  }

  send(mail: ComposedMail, callback: (error: Error | null, info?: SentInfo) => void): void {
    this.#send(mail).then(
      (info) => callback(null, info),
      (error: Error) => callback(withReply(error)),
    );
  }

  async #send({ data, message }: ComposedMail): Promise<SentInfo> {
    const { signal, dsn, requireTLSExtensionEnabled } = data;
    const envelope = message.getEnvelope();
    const messageId = message.messageId();
    const client = await this.#client();
    const result = await client.send({
      ...mailOptions(dsn),
      from: envelope.from === false ? "" : envelope.from,
      to: envelope.to.map((address): Recipient => ({ address, ...rcptOptions(dsn) })),
      message: () => message.createReadStream(),
      requireTls: requireTLSExtensionEnabled,
      signal,
    });
    const { recipients, refused, reply, queueId } = result;
    return {
      envelope,
      messageId,
      accepted: [...result.accepted],
      rejected: refused.map(({ address }) => address),
      rejectedErrors: refused.map(rejection),
      response: reply.lines.join("\n"),
      recipients,
      queueId,
    };
  }

  #client(): Promise<SmtpClient> {
    if (this.#connecting === undefined) {
      const connecting = SmtpClient.connect(this.#options);
      this.#connecting = connecting;
      connecting.catch(() => {
        if (this.#connecting === connecting) this.#connecting = undefined;
      });
    }
    return this.#connecting;
  }

  verify(callback?: (error: Error | null, success?: true) => void): Promise<true> | undefined {
    const verifying = this.#client().then(
      (): true => true,
      (error: Error) => {
        throw withReply(error);
      },
    );
    if (callback === undefined) return verifying;
    verifying.then((success) => callback(null, success), callback);
    return undefined;
  }

  close({ force = false }: { readonly force?: boolean } = {}): void {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    connecting?.then(
      (client) => (force ? client.close() : client.quit()),
      () => undefined,
    );
  }
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function clientOptions(options: TransportOptions): SmtpClientOptions {
  const {
    secure,
    requireTLS,
    ignoreTLS,
    auth,
    lmtp,
    maxConnections,
    maxMessages,
    pool = false,
    ...others
  } = options;
  const { rateLimit, rateDelta = RATE_MILLISECONDS, tls, ...ours } = others;
  const mode =
    secure === true ? "implicit" : requireTLS === true ? "starttls" : ignoreTLS === true ? "none" : undefined;
  const given: SmtpClientOptions = { ...ours };
  if (typeof tls === "object") {
    const { rejectUnauthorized, ...tlsOptions } = tls;
    given.tlsOptions = { ...tlsOptions, ...(rejectUnauthorized === false ? { insecure: true } : {}) };
  }
  given.tls = typeof tls === "string" ? tls : mode;
  if (auth !== undefined) {
    given.user ??= auth.user;
    given.password ??= auth.pass;
    given.token ??= auth.accessToken;
  }
  if (lmtp === true) given.protocol = "lmtp";
  given.connections ??= maxConnections ?? CONNECTIONS;
  if (maxMessages !== undefined) given.messagesPerSession ??= maxMessages;
  if (rateLimit !== undefined) given.rate ??= { messages: rateLimit, per: rateDelta };
  if (!pool) given.idleTime ??= MOMENT_MILLISECONDS;
  return given;
}

function mailOptions(dsn: NodemailerDsn = {}): { ret?: "full" | "hdrs"; envid?: string } {
  const ret = (dsn.ret ?? dsn.return)?.toLowerCase();
  if (ret !== undefined && ret !== "full" && ret !== "hdrs") {
    throw new ArgumentError('dsn.ret must be "full" or "hdrs"');
  }
  const envid = dsn.envid ?? dsn.id;
  return { ...(ret === undefined ? {} : { ret }), ...(envid === undefined ? {} : { envid }) };
}

function rcptOptions(dsn: NodemailerDsn = {}): RcptOptions {
  const { notify, orcpt, recipient } = dsn;
  const conditions = [notify ?? []].flat().flatMap((text) => text.toLowerCase().split(/[\s,]+/));
  const original = orcpt ?? recipient;
  return {
    // What is none of these is refused where it becomes a parameter.
    ...(conditions.length === 0 ? {} : { notify: conditions as ("success" | "failure" | "delay")[] }),
    ...(original === undefined ? {} : { orcpt: original.includes(";") ? original : `rfc822;${original}` }),
  };
}

function rejection({ address, reply }: RecipientResult): Error {
  const error = new Error(`${address} was refused: ${reply?.lines.join("\n") ?? "without a reply"}`);
  return Object.assign(error, { recipient: address, ...replyFields(reply) });
}

function replyFields(reply: SmtpReply | undefined): object {
  if (reply === undefined) return {};
  const { code, lines } = reply;
  return { response: lines.join("\n"), responseCode: code, permanent: code >= 500 };
}

/** Adds what callers of nodemailer look for. */
function withReply(error: Error): Error {
  const cause = error instanceof SendError ? error.cause : error;
  const reply = cause instanceof ReplyError ? (cause.reply as SmtpReply) : undefined;
  const refused =
    error instanceof SendError ? error.recipients.filter(({ status }) => status === "refused") : [];
  return Object.assign(error, replyFields(reply), {
    ...(cause instanceof ReplyError ? { command: cause.command } : {}),
    ...(refused.length === 0
      ? {}
      : { rejected: refused.map(({ address }) => address), rejectedErrors: refused.map(rejection) }),
  });
}
