// What is handed to the client: a message, made here or as it is, with its envelope.
import { buffer } from "node:stream/consumers";
import type { Content } from "@netcli/core-transport";
import MailComposer from "nodemailer/lib/mail-composer";
import { addressesIn, senderIn } from "./addresses.ts";
import type { Heading } from "./arguments.ts";
import type { Attachment } from "./attachments.ts";

export interface Letter {
  /** Undefined: the one that the message names. */
  readonly from: string | undefined;
  /** Undefined: those that the message names. */
  readonly to: readonly string[] | undefined;
  readonly message: Content;
  /** How many it has, or a few less; undefined if that is not known. */
  readonly bytes: number | undefined;
}

const BASE64_COLUMNS = 76;

// A part that is a message can't be encoded (RFC 2046 5.2.1), and its line ends would change: as a file it can.
const MESSAGE_NAME = /\.(?:eml|mht|mhtml|mime|nws)$/i;

/** A message of that text and those files. */
export async function compose(
  heading: Heading,
  text: string,
  attachments: readonly Attachment[],
): Promise<Letter> {
  const { from = "", to, cc, bcc, subject, fields } = heading;
  const message = new MailComposer({
    from,
    to: to.join(", "),
    cc: cc.join(", "),
    subject,
    headers: [...fields],
    text,
    attachments: attachments.map(({ name, content }) => ({
      filename: name,
      content,
      contentType: MESSAGE_NAME.test(name) ? "application/octet-stream" : undefined,
    })),
    // What is opened here is all that it needs.
    disableFileAccess: true,
    disableUrlAccess: true,
    // With BDAT they go out as they are.
    newline: "win",
  }).compile();
  const envelope = {
    from: senderIn("From", from),
    to: [...new Set([...to, ...cc, ...bcc].flatMap((addresses) => addressesIn("To", addresses)))],
  };
  if (attachments.length === 0) {
    const whole = await buffer(message.createReadStream());
    return { ...envelope, message: whole, bytes: whole.length };
  }
  // But for the header, and what stands between the parts.
  const bytes = attachments.reduce((sum, file) => sum + encodedBytes(file.bytes), Buffer.byteLength(text));
  return { ...envelope, message: message.createReadStream(), bytes };
}

/** A message that was made elsewhere; sender and recipients are those of the envelope. */
export function asItIs({ from, to }: Heading, message: Content, bytes: number | undefined): Letter {
  return {
    from: from === "<>" ? "" : from && senderIn("--from", from),
    to: to.length === 0 ? undefined : to.flatMap((addresses) => addressesIn("--to", addresses)),
    message,
    bytes,
  };
}

/** The length of so many bytes as lines of base64. */
function encodedBytes(bytes: number): number {
  const characters = Math.ceil(bytes / 3) * 4;
  const breaks = Math.max(Math.ceil(characters / BASE64_COLUMNS) - 1, 0);
  return characters + breaks * 2;
}
