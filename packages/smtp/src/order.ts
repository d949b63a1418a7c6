// What is to be sent, as the commands for it: made of what the caller says and what the server offers, before the first of them
// goes out.
import {
  ArgumentError,
  NotSupportedError,
  type CommandLine,
  type Connection,
  type Content,
} from "@netcli/core-transport";
import { parseAddress, reversePath } from "./address.ts";
import { bytesIfKnown, needs8Bits, sizeOf } from "./body.ts";
import { smtpCommand } from "./command.ts";
import type { SmtpExtensions } from "./extensions.ts";
import type { SendSettings } from "./options.ts";
import { mailParameters, rcptParameters, type MailOptions, type RcptOptions } from "./parameters.ts";

/** A recipient, and what is to be said about it. */
export interface Recipient extends RcptOptions {
  /** As "name@example.com", without anything around it. */
  address: string;
}

/** One recipient or several. */
export type Recipients = string | Recipient | readonly (string | Recipient)[];

/** How a message is handed over. */
export interface SendOptions extends MailOptions {
  /**
   * What to do where the server refuses some of the recipients: `deliver` the message to the others, or `throw` a
   * SendError before it is sent, which costs a round trip. With LMTP, recipients may still be refused behind it.
   * Default `deliver`.
   */
  onPartial?: "deliver" | "throw" | undefined;
  /**
   * Gives up with the signal's reason, or with a SendError if the server may have the message already. Ends the session
   * if the message was begun.
   */
  signal?: AbortSignal | undefined;
  /** Called with the bytes of the message handed to the connection so far. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/** Order is one message with all that is said for it. */
export interface Order extends Pick<SendOptions, "signal" | "onProgress"> {
  readonly mail: CommandLine;
  readonly recipients: readonly { readonly address: string; readonly rcpt: CommandLine }[];
  readonly content: Content;
  /** By BDAT instead of DATA. */
  readonly isChunked: boolean;
  readonly needsAll: boolean;
}

/** What a session knows of its server. */
export interface OrderPlace {
  readonly extensions: SmtpExtensions;
  readonly settings: SendSettings;
  readonly connection: Connection;
}

/** Any form of recipients as a list. */
export function listOf(to: Recipients): readonly Recipient[] {
  const list = typeof to === "string" || "address" in to ? [to] : to;
  return list.map((one) => (typeof one === "string" ? { address: one } : one));
}

/** Throws ArgumentError for what can't be sent, NotSupportedError for what this server lacks. Nothing was sent then. */
export function orderOf(
  { extensions, settings, connection }: OrderPlace,
  from: string,
  to: Recipients,
  message: Content,
  { onPartial = "deliver", signal, onProgress, ...options }: SendOptions,
): Order {
  if (onPartial !== "deliver" && onPartial !== "throw") {
    throw new ArgumentError('onPartial must be "deliver" or "throw"');
  }
  const sender = reversePath(from);
  const recipients = listOf(to).map((recipient) => ({ recipient, ...parseAddress(recipient.address) }));
  if (recipients.length === 0) throw new ArgumentError("there is no recipient; nothing was sent");
  if (options.requireTls === true && connection.tls === undefined) {
    throw new NotSupportedError("requireTls is for messages that are sent over TLS; nothing was sent");
  }
  const content = bytesIfKnown(message);
  const needsUtf8 = [sender, ...recipients].some((address) => address.needsUtf8);
  const parameters = mailParameters(
    {
      ...options,
      smtputf8: options.smtputf8 ?? needsUtf8,
      size: sizeWithin(extensions, options.size ?? sizeOf(content)),
      body: options.body ?? bodyOf(content, extensions),
    },
    extensions,
  );
  const isWanted = options.body === "binarymime" || settings.chunking;
  return {
    mail: smtpCommand("MAIL", `FROM:<${sender.path}>`, ...parameters),
    recipients: recipients.map(({ recipient, path }) => ({
      address: recipient.address,
      rcpt: smtpCommand("RCPT", `TO:<${path}>`, ...rcptParameters(recipient, extensions)),
    })),
    content,
    isChunked: isWanted && extensions.has("CHUNKING"),
    needsAll: onPartial === "throw",
    signal,
    onProgress,
  };
}

/** RFC 1870 6: what the server won't take need not be sent. Undefined where it wants to hear nothing about it. */
function sizeWithin(extensions: SmtpExtensions, size: number | undefined): number | undefined {
  const { size: most = Infinity } = extensions;
  if (size !== undefined && size > most) {
    throw new NotSupportedError(
      `the message has ${size} bytes, and the server takes ${most} at most; nothing was sent`,
      { code: "ERR_NETCLI_MESSAGE_SIZE" },
    );
  }
  return extensions.has("SIZE") ? size : undefined;
}

function bodyOf(content: Content, extensions: SmtpExtensions): "8bitmime" | undefined {
  const isNeeded = needs8Bits(content);
  // What a stream will bring nobody knows.
  if (isNeeded === true || (isNeeded === undefined && extensions.has("8BITMIME"))) return "8bitmime";
  return undefined;
}
