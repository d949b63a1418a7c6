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

/** Its file, and how many bytes it has there and on the wire: about as many as were asked for, whole lines. */
export function writeMessage(folder, wanted) {
  const block = Array.from({ length: lineCount }, (_, number) => textLine(number)).join("");
  const path = join(folder, "message");
  const size = { bytes: 0, onWire: 0 };
  const write = (text) => {
    writeFileSync(path, text, { encoding: "latin1", flag: size.bytes === 0 ? "w" : "a" });
    size.bytes += text.length;
    size.onWire += text.length + text.split("\r\n.").length - 1;
  };
  write(header);
  // In blocks: all of it may be more than there should be in memory.
  while (wanted - size.bytes > block.length) write(block);
  write(block.slice(0, block.lastIndexOf("\r\n", wanted - size.bytes - 2) + 2));
  return { path, ...size };
}

/** What our sink says in its reply to a message. */
export const bytesTaken = (text) => Number(/(\d+) bytes/.exec(text)[1]);
