// Mails over a connection that is cut: what the client says of each recipient has to be what the server did.
import type { EsmtpServer, EsmtpServerOptions } from "@netcli/test-servers";
import {
  LmtpClient,
  SendError,
  SmtpClient,
  type RecipientResult,
  type SmtpClientOptions,
} from "../src/index.ts";

/** One way to send. */
export interface Way {
  readonly name: string;
  readonly options: Partial<SmtpClientOptions>;
  readonly extensions: readonly string[];
  readonly isLmtp?: boolean;
  /** Sent at the same time. */
  readonly mails: number;
}

export const ways: readonly Way[] = [
  { name: "DATA", options: {}, extensions: ["PIPELINING"], mails: 1 },
  { name: "DATA, one by one", options: {}, extensions: [], mails: 1 },
  { name: "BDAT", options: { chunking: true }, extensions: ["PIPELINING", "CHUNKING"], mails: 1 },
  { name: "BDAT, one by one", options: { chunking: true }, extensions: ["CHUNKING"], mails: 1 },
  { name: "LMTP", options: {}, extensions: ["PIPELINING"], isLmtp: true, mails: 1 },
  { name: "DATA in full overlap", options: { pipelining: "full" }, extensions: ["PIPELINING"], mails: 3 },
  {
    name: "BDAT in full overlap",
    options: { pipelining: "full", chunking: true },
    extensions: ["PIPELINING", "CHUNKING"],
    mails: 3,
  },
  {
    name: "LMTP in full overlap",
    options: { pipelining: "full" },
    extensions: ["PIPELINING"],
    isLmtp: true,
    mails: 2,
  },
];

/** Refuses some, by what they are called. */
export function serverOptions({ extensions, isLmtp = false }: Way): EsmtpServerOptions {
  return {
    name: "a.b",
    greeting: "c",
    extensions,
    lmtp: isLmtp,
    reply: (verb, line) => {
      if (verb === "RCPT" && line.includes("no")) return "550 No";
      return verb === "." && line.includes("full") ? "452 Full" : undefined;
    },
  };
}

export async function clientOf(
  { host, port }: { readonly host: string; readonly port: number },
  { options, isLmtp = false }: Way,
  more: Partial<SmtpClientOptions> = {},
): Promise<SmtpClient> {
  const kind = isLmtp ? LmtpClient : SmtpClient;
  return kind.connect({
    host,
    port,
    name: "d.e",
    retries: 0,
    timeouts: { close: 200 },
    ...options,
    ...more,
  });
}

/** Who gets the mail of that number: two of them, one with LMTP, and one is refused from the start. */
function recipientsOf(number: number): string[] {
  return ["a", "no", "full"].map((kind) => `${kind}${number}@f.g`);
}

/** Sends the mails of a way at once; resolves to what was said of the recipients of each, or the error. */
export async function sendAll(
  client: SmtpClient,
  { mails }: Pick<Way, "mails">,
): Promise<(readonly RecipientResult[] | Error)[]> {
  const sending = Array.from({ length: mails }, (_, number) =>
    client.send({ from: "h@i.j", to: recipientsOf(number), message: messageOf(number) }),
  );
  const outcomes = await Promise.allSettled(sending);
  return outcomes.map((outcome) => {
    if (outcome.status === "fulfilled") return outcome.value.recipients;
    const { reason } = outcome as { readonly reason: Error };
    if (!(reason instanceof SendError)) return reason;
    const { recipients, mayHaveBeenSent, message } = reason;
    const mayBe = recipients.some(({ status }) => status === "unknown" || status === "accepted");
    if (mayBe !== mayHaveBeenSent) throw new Error(`mayHaveBeenSent: ${mayHaveBeenSent}; ${message}`);
    return recipients;
  });
}

function messageOf(number: number): string {
  return `A: ${number}\r\n\r\n.\r\n`;
}

/** Throws if the server did something else. `said`: what it was told, if all of that is known. */
export function assertTrue(
  outcomes: readonly (readonly RecipientResult[] | Error)[],
  { mailboxes }: EsmtpServer,
  said?: string,
): void {
  const ends =
    said === undefined ? Infinity : (said.match(/\r\n\.\r\n(?!\.\r\n)|BDAT \d+ LAST\r\n/g)?.length ?? 0);
  for (const [number, outcome] of outcomes.entries()) {
    for (const address of recipientsOf(number)) {
      const messages = mailboxes.messagesOf(address.replace(/@.*/, ""));
      if (messages.some(({ data }) => Buffer.from(data).toString() !== messageOf(number))) {
        throw new Error(`${address} got something else`);
      }
      const isKnown = !(outcome instanceof Error);
      const status = isKnown ? outcome.find((one) => one.address === address)?.status : outcome.name;
      const { length } = messages;
      const isTrue =
        (status === "accepted" && length === 1) ||
        (status === "unknown" && length <= 1 && number < ends) ||
        (status !== "accepted" && status !== "unknown" && length === 0);
      if (!isTrue)
        throw new Error(`${address} is said to be ${status}, and has ${length} mails; ends: ${ends}`);
    }
  }
}
