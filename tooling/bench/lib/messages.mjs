// A mail message of a given size: a short header and lines of text, of which one in 1000 begins with a dot.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const header = "From: sender@example.com\r\nTo: receiver@example.com\r\nSubject: Numbers\r\n\r\n";
const alphabet = "abcdefghijklmnopqrstuvwxyz ".repeat(4);
const lineCount = 15_000;

function textLine(number) {
  const text = alphabet.slice(number % 27, (number % 27) + 60 + (number % 17));
  return `${number % 1000 === 7 ? "." : ""}${text}\r\n`;
}

/** Its file, and how many bytes it has on the wire: about as many as were asked for, whole lines. */
export function writeMessage(folder, wanted) {
  const block = Array.from({ length: lineCount }, (_, number) => textLine(number)).join("");
  const body = block.repeat(Math.ceil(wanted / block.length)).slice(0, wanted - header.length);
  const message = header + body.slice(0, body.lastIndexOf("\r\n") + 2);
  const path = join(folder, "message");
  writeFileSync(path, message, "latin1");
  return { path, onWire: message.length + message.split("\r\n.").length - 1 };
}

/** What our sink says in its reply to a message. */
export const bytesTaken = (text) => Number(/(\d+) bytes/.exec(text)[1]);
