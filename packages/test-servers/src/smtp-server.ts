// Starts npm's smtp-server, an SMTP and LMTP server that we did not write, on loopback.
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Identity } from "@netcli/test-kit";
import {
  SMTPServer,
  type SMTPServerAddress,
  type SMTPServerAuthentication,
  type SMTPServerDataResult,
  type SMTPServerDataStream,
  type SMTPServerOptions as SMTPServerSettings,
  type SMTPServerSession,
} from "smtp-server";
import { Mailboxes } from "./mailbox.ts";
import { type EnvelopeAddress, mailboxOf, type ReceivedMessage } from "./smtp/message.ts";

/** What EHLO offers, if the other options don't speak against it. */
export type SmtpExtension =
  | "8BITMIME"
  | "AUTH"
  | "DSN"
  | "ENHANCEDSTATUSCODES"
  | "PIPELINING"
  /** Offered on TLS only. */
  | "REQUIRETLS"
  /** Its number; the limit stays. */
  | "SIZE"
  | "SMTPUTF8"
  | "STARTTLS";

export type SmtpAuthMethod = "CRAM-MD5" | "LOGIN" | "PLAIN" | "XOAUTH2";

/** A reply with 4yz or 5yz; smtp-server adds the enhanced code. */
export interface SmtpRefusal {
  readonly code: number;
  readonly text: string;
}

type Verdict = SmtpRefusal | undefined;

export interface SmtpServerOptions {
  /** Passwords by user names; the password is the token of XOAUTH2, too. Without this option there is no AUTH. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Default all. */
  readonly authMethods?: readonly SmtpAuthMethod[] | undefined;
  /** Refuses MAIL without a login. Default false. */
  readonly requireAuth?: boolean | undefined;
  /** `name@anything` goes to `name`; who has no mailbox is refused with 550. Default: for `users`, or for everybody. */
  readonly mailboxes?: Mailboxes | undefined;
  /** The certificate and key for TLS. */
  readonly tls?: Identity | undefined;
  /** Default `starttls`; it then refuses a login in clear. */
  readonly tlsMode?: "implicit" | "starttls" | undefined;
  /** LMTP: LHLO, and a reply for each recipient behind the message. Default false. */
  readonly lmtp?: boolean | undefined;
  readonly hidden?: readonly SmtpExtension[] | undefined;
  /** The largest message, offered as SIZE and enforced. Default: no limit. */
  readonly size?: number | undefined;
  /** The text of the greeting. */
  readonly greeting?: string | undefined;
  /** Refuses connections. */
  readonly onConnect?: (() => Verdict | Promise<Verdict>) | undefined;
  readonly onMail?: ((from: EnvelopeAddress) => Verdict | Promise<Verdict>) | undefined;
  readonly onRcpt?: ((to: EnvelopeAddress) => Verdict | Promise<Verdict>) | undefined;
  /** Refuses a message that is there; with LMTP asked once for each recipient. */
  readonly onMessage?:
    | ((message: ReceivedMessage, to: EnvelopeAddress | undefined) => Verdict | Promise<Verdict>)
    | undefined;
}

/** A running server. */
export interface SmtpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `smtp://127.0.0.1:PORT`, or `smtps://…`, `lmtp://…`. */
  readonly url: string;
  readonly mailboxes: Mailboxes;
  /** All messages that were received whole, the refused ones included. */
  readonly received: readonly ReceivedMessage[];
  /** What broke: TLS handshakes, connections that were cut. */
  readonly errors: readonly Error[];
  /** Cuts what is open, and waits for it. */
  close(): Promise<void>;
}

// An hour, in milliseconds.
const LONG = 3_600_000;

const host = "127.0.0.1";
const allMethods: readonly SmtpAuthMethod[] = ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"];

/** Rejects with what node:net rejects with if it can't listen. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  if (options.tlsMode === "implicit" && options.tls === undefined) {
    throw new TypeError("implicit TLS needs tls: a key and a certificate");
  }
  const server = new RunningServer(options);
  await server.listen();
  return server;
}

class RunningServer implements SmtpServer {
  readonly host: string = host;
  readonly mailboxes: Mailboxes;
  readonly received: ReceivedMessage[] = [];
  readonly errors: Error[] = [];
  readonly #options: SmtpServerOptions;
  readonly #server: SMTPServer;
  /** Of TLS both: the one on top is the later one. */
  readonly #sockets: Set<Socket> = new Set();
  #port = 0;
  #closing: Promise<void> | undefined;

  constructor(options: SmtpServerOptions) {
    const { users, mailboxes } = options;
    this.#options = options;
    this.mailboxes = mailboxes ?? new Mailboxes(users === undefined ? undefined : Object.keys(users));
    this.#server = new SMTPServer({
      ...settingsOf(options),
      onAuth: (auth, _session, callback) => callback(null, { user: this.#userOf(auth) }),
      onConnect: (_session, callback) => answer(options.onConnect?.(), callback),
      onSecure: (socket, _session, callback) => {
        this.#track(socket);
        callback();
      },
      onMailFrom: (from, _session, callback) => answer(options.onMail?.(addressOf(from)), callback),
      onRcptTo: (to, _session, callback) => answer(this.#judge(addressOf(to)), callback),
      onData: (stream, session, callback) => {
        this.#receive(stream, session).then((results) => callback(null, results), callback);
      },
    });
    this.#server.on("error", (error) => this.errors.push(error));
    this.#server.server.on("connection", (socket) => this.#track(socket));
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { lmtp = false, tlsMode } = this.#options;
    const scheme = lmtp ? "lmtp" : tlsMode === "implicit" ? "smtps" : "smtp";
    return `${scheme}://${this.host}:${this.#port}`;
  }

  async listen(): Promise<void> {
    const listener = this.#server.listen(0, host);
    await once(listener, "listening");
    this.#port = (listener.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    // By itself it would give clients thirty seconds to go.
    for (const socket of [...this.#sockets].toReversed()) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** Who that is; undefined: the credentials are wrong. */
  #userOf(auth: SMTPServerAuthentication): string | undefined {
    const { username = "" } = auth;
    const { users = {} } = this.#options;
    const password = Object.hasOwn(users, username) ? users[username] : undefined;
    if (password === undefined) return undefined;
    const isRight =
      auth.method === "CRAM-MD5"
        ? auth.validatePassword(password)
        : (auth.accessToken ?? auth.password) === password;
    return isRight ? username : undefined;
  }

  async #judge(to: EnvelopeAddress): Promise<Verdict> {
    if (!this.mailboxes.has(mailboxOf(to.address))) return { code: 550, text: "There is no such mailbox" };
    return this.#options.onRcpt?.(to);
  }

  /** One result for each recipient with LMTP; else one, thrown if it is bad. */
  async #receive(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<string | SMTPServerDataResult[]> {
    const { lmtp = false, onMessage } = this.#options;
    const { envelope, user, secure, hostNameAppearsAs } = session;
    const data = await buffer(stream);
    const message: ReceivedMessage = {
      from: envelope.mailFrom === false ? { address: "", params: {} } : addressOf(envelope.mailFrom),
      to: envelope.rcptTo.map(addressOf),
      data: new Uint8Array(data),
      clientName: hostNameAppearsAs,
      user: typeof user === "string" ? user : undefined,
      isSecure: secure,
    };
    this.received.push(message);
    // smtp-server itself says so.
    if (stream.sizeExceeded) return "";
    if (!lmtp) {
      const refusal = errorOf(await onMessage?.(message, undefined));
      if (refusal !== undefined) throw refusal;
      for (const to of message.to) this.#deliver(message, to);
      return "Stored";
    }
    const results: SMTPServerDataResult[] = [];
    for (const to of message.to) {
      const refusal = errorOf(await onMessage?.(message, to));
      if (refusal === undefined) this.#deliver(message, to);
      results.push(refusal ?? "Stored");
    }
    return results;
  }

  #deliver({ from, to, data }: ReceivedMessage, { address }: EnvelopeAddress): void {
    this.mailboxes.deliver(mailboxOf(address), data, {
      from: from.address,
      to: to.map((recipient) => recipient.address),
    });
  }
}

/** What smtp-server calls these things. */
function settingsOf(options: SmtpServerOptions): SMTPServerSettings {
  const { users, authMethods = allMethods, requireAuth = false, tls, tlsMode, lmtp = false } = options;
  const hidden = new Set(options.hidden);
  return {
    ...tls,
    secure: tlsMode === "implicit",
    lmtp,
    name: "test.invalid",
    banner: options.greeting ?? "ready",
    size: options.size,
    rejectOversized: true,
    authMethods: [...authMethods],
    authOptional: !requireAuth,
    disabledCommands: [
      ...(users === undefined || hidden.has("AUTH") ? ["AUTH"] : []),
      ...(tls === undefined ? ["STARTTLS"] : []),
    ],
    hideSTARTTLS: hidden.has("STARTTLS"),
    hidePIPELINING: hidden.has("PIPELINING"),
    hide8BITMIME: hidden.has("8BITMIME"),
    hideSMTPUTF8: hidden.has("SMTPUTF8"),
    hideENHANCEDSTATUSCODES: hidden.has("ENHANCEDSTATUSCODES"),
    hideDSN: hidden.has("DSN"),
    hideREQUIRETLS: hidden.has("REQUIRETLS"),
    hideSize: hidden.has("SIZE"),
    // No lookups: there may be no network.
    disableReverseLookup: true,
    logger: false,
    // What is slow here is the test's doing, and what sends many commands as well.
    socketTimeout: LONG,
    maxAllowedUnauthenticatedCommands: Infinity,
  };
}

function addressOf({ address, args }: SMTPServerAddress): EnvelopeAddress {
  return { address, params: args === false ? {} : { ...args } };
}

/** The refusal in smtp-server's manner. */
function errorOf(verdict: Verdict): Error | undefined {
  if (verdict === undefined) return undefined;
  return Object.assign(new Error(verdict.text), { responseCode: verdict.code });
}

function answer(verdict: Verdict | Promise<Verdict>, callback: (error?: Error | null) => void): void {
  Promise.resolve(verdict).then((given) => callback(errorOf(given)), callback);
}
