// Messages as they are sent, and as they must arrive.
import { fail } from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mark } from "./mail-boxes.mjs";

/** The header of a message, with all fields that servers would add, and the empty line behind it. */
export function headerOf({ from, to, subject = "test" }) {
  const lines = [
    mark,
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: ${subject}`,
    "Date: Thu, 04 Mar 2021 05:06:07 +0000",
    `Message-ID: <${randomUUID()}@client.netcli.test>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The message as it is on its way behind DATA: with CR and LF at the end of all lines, and nowhere else. */
export function inLines(message) {
  const text = Buffer.from(message).toString("latin1");
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1");
}

/** What a server that keeps lines as this system does makes of that. */
export function inLocalLines(message) {
  return Buffer.from(message.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
}

/** Fails unless they are the same; says where they begin to differ. */
export function checkSame(actual, expected) {
  if (expected.equals(actual)) return;
  const found = expected.findIndex((byte, at) => byte !== actual[at]);
  const first = found === -1 ? expected.length : found;
  const near = (bytes) =>
    JSON.stringify(bytes.subarray(Math.max(0, first - 20), first + 20).toString("latin1"));
  const lengths = `${actual.length} bytes arrived instead of ${expected.length}`;
  fail(`${lengths}: from ${first} on ${near(actual)} instead of ${near(expected)}`);
}
