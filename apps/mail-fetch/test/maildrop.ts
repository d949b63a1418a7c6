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

/** The messages in an mbox as a reader of mboxrd has them, in latin1, in their order. */
export async function readMbox(path: string): Promise<string[]> {
  const text = await readFile(path, "latin1");
  if (!text.endsWith("\n\n")) throw new Error("there is no empty line at the end");
  return `\n\n${text.slice(0, -1)}`
    .split(/\n\nFrom MAILER-DAEMON [A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\n/)
    .slice(1)
    .map((message, at, { length }) => (at === length - 1 ? message : `${message}\n`))
    .map((message) => message.replaceAll(/^>(>*From )/gm, "$1"));
}

/** What an option has saved at a path, sorted. */
export async function readSaved(option: "--save" | "--mbox", path: string): Promise<string[]> {
  return option === "--save" ? readMaildir(path) : (await readMbox(path)).toSorted();
}

/** What is there in part. */
export function partsIn(path: string): Promise<string[]> {
  return readdir(join(path, "tmp")).catch(() => []);
}
