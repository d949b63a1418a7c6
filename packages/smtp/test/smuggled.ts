// Contents that hold what some server or other takes for the end of a message, in all their cuts, and a strict view of the wire.
import type { ScriptedServer } from "@netcli/test-kit";
import { type SmtpOptions, SmtpSession } from "../src/index.ts";
import { name, type Smtp, smtpServer } from "./scripted-smtp.ts";

/** CVE-2023-51764, CVE-2023-51765, CVE-2023-51766 (VU#302671), and their kin. */
export const ends: readonly string[] = [
  "\n.\n",
  "\n.\r",
  "\r.\r",
  "\r.\n",
  "\n.\r\n",
  "\r.\r\n",
  "\r\n.\n",
  "\r\n.\r",
  "\r\n.\r\n",
  "\r\n\0.\r\n",
  "\r\n.\0\r\n",
  "\r\0\n.\r\0\n",
  "\0\r\n.\r\n\0",
  "\r\r\n.\r\r\n",
  "\r\n\r.\r\n",
  "\n\r.\n\r",
  "\r\n.\r\r\n",
  "\n\n.\n\n",
  "\r\r.\r\r",
  "\r\n..\r\n",
  "\r\n.\r\n.\r\n",
  "\n.\n.\n",
  "\r\n \b.\r\n",
  "\u0085.\u0085",
  "\u2028.\u2028",
];

/** Where one would have a mail of its own behind such an end. */
export const behind =
  "\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nfake\r\n.\r\n";

/** Every way to cut bytes in pieces: 2 to the power of their number, less one. */
export function* cuts(bytes: Buffer): Generator<readonly Buffer[]> {
  for (let mask = 0; mask < 2 ** Math.max(0, bytes.length - 1); mask += 1) {
    const pieces: Buffer[] = [];
    let start = 0;
    for (let at = 1; at < bytes.length; at += 1) {
      if ((mask & (1 << (at - 1))) === 0) continue;
      pieces.push(bytes.subarray(start, at));
      start = at;
    }
    yield [...pieces, bytes.subarray(start)];
  }
}

/** What a server must find in the message, dots unstuffed: the same text in whole lines. */
export function wholeLines(content: Buffer): string {
  const text = content.toString("latin1").replaceAll(/\r\n|\r|\n/g, "\r\n");
  return text === "" || text.endsWith("\r\n") ? text : `${text}\r\n`;
}

export function unstuffed(content: string): string {
  return content.replaceAll(/(?<=^|\r\n)\./g, "");
}

export function hasBareLineEnd(content: string): boolean {
  return /\r(?!\n)|(?<!\r)\n/.test(content);
}

export interface Wire extends AsyncDisposable {
  readonly session: SmtpSession;
  readonly server: ScriptedServer;
  /** Messages that came, as they came, in latin1. */
  readonly messages: string[];
}

/** A session with a server to which only CRLF "." CRLF is an end, and which fails the test over anything but mail. */
export async function wire(
  extensions: readonly string[] = ["PIPELINING", "8BITMIME"],
  options: Partial<SmtpOptions> = {},
): Promise<Wire> {
  const messages: string[] = [];
  const server = await smtpServer(async (smtp) => {
    await smtp.greet(...extensions);
    for (;;) {
      const line = await smtp.expect(/^(?:MAIL FROM:<a@example\.org>( SIZE=\d+)?( BODY=\w+)?|QUIT)$/);
      if (line === "QUIT") break;
      await smtp.say("250 fine");
      await smtp.answer("RCPT TO:<b@example.org>", "250 fine");
      messages.push(await taken(smtp));
      await smtp.say("250 queued as 1");
    }
    await smtp.say("221 bye");
  });
  const { host, port } = server;
  const session = await SmtpSession.connect({ host, port, name, ...options });
  await session.ehlo();
  return {
    session,
    server,
    messages,
    async [Symbol.asyncDispose]() {
      await session.quit();
      await server.settled();
      await server.close();
    },
  };
}

/** By DATA or by BDAT, whichever comes. */
async function taken(smtp: Smtp): Promise<string> {
  let content = "";
  for (;;) {
    const line = await smtp.expect(/^(?:DATA|BDAT \d+(?: LAST)?)$/);
    if (line === "DATA") {
      await smtp.say("354 go on");
      return smtp.content();
    }
    const [, size = "", last] = line.split(" ");
    content += (await smtp.peer.read(Number(size))).toString("latin1");
    if (last !== undefined) return content;
    await smtp.say("250 more");
  }
}
