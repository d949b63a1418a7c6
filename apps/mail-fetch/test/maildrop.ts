// Servers with mail in them, and what becomes of it here.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Mailboxes, type Pop3Server, type Pop3ServerOptions, startPop3Server } from "@netcli/test-servers";

export type Message = string | Uint8Array;

/** A server with these messages for `tester`, whose password is `secret`. */
export function serverWith(
  messages: readonly Message[],
  options: Omit<Pop3ServerOptions, "mailboxes"> = {},
): Promise<Pop3Server> {
  const mailboxes = new Mailboxes();
  for (const message of messages) deliver(mailboxes, message);
  return startPop3Server({ ...options, mailboxes });
}

/** Delivers a message to `tester`. */
export function deliver(mailboxes: Mailboxes, message: Message): void {
  mailboxes.deliver("tester", Buffer.from(message), { from: "ada@example.com", to: ["tester@example.com"] });
}

/** The URL with the user in it. */
export function urlOf({ url }: Pop3Server): string {
  return url.replace("//", "//tester@");
}

/** The unique ids of what is still there. */
export function uidsOf({ mailboxes }: Pop3Server): string[] {
  return mailboxes.messagesOf("tester").map(({ uid }) => uid);
}

/** A message with that subject and body. */
export function letter(subject: string, body: string): string {
  return `From: Ada <ada@example.com>\r\nSubject: ${subject}\r\n\r\n${body}`;
}

/** A message of some megabytes, each of whose lines is another one. */
export function largeLetter(subject: string, lines: number = 50_000): string {
  const body = Array.from({ length: lines }, (_line, at) => `${subject} ${at} ${"x".repeat(60)}\r\n`);
  return letter(subject, body.join(""));
}

/** A message as it is to be found in a file. */
export function asSaved(message: Message): string {
  return Buffer.from(message).toString("latin1").replaceAll("\r\n", "\n");
}

/** The messages in a Maildir that were delivered, in latin1, sorted. */
export async function readMaildir(path: string): Promise<string[]> {
  const names = await readdir(join(path, "new"));
  const messages = await Promise.all(names.map((name) => readFile(join(path, "new", name), "latin1")));
  return messages.toSorted();
}
