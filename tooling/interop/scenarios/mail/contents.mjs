// Messages of all kinds, which must arrive as they were sent: byte for byte, but for the line ends.
import { strictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { headerOf } from "../../lib/mail-message.mjs";

/** Sends the message by DATA, and by BDAT where there is that, from both kinds of sources. */
async function checkDelivered(run, make, arrives = (message) => message) {
  const ways = run.offers("CHUNKING") ? [false, true] : [false];
  for (const chunking of ways) await checkDeliveredBy(run, make, { chunking, arrives });
}

async function checkDeliveredBy(run, make, { chunking, arrives = (message) => message }) {
  const client = await run.client({ chunking });
  const mailbox = run.mailbox();
  const message = Buffer.from(make(mailbox));
  const whole = await client.send({ from: run.sender.address, to: mailbox.address, message });
  strictEqual(whole.bytes, message.length);
  const stream = () => Readable.from(pieces(message));
  await client.send({ from: run.sender.address, to: mailbox.address, message: stream });
  await client.quit();
  strictEqual(run.sent(/^BDAT /) > 0, chunking);
  const asSent = chunking && keepsChunks(run);
  await run.checkArrived(mailbox, [arrives(message), arrives(message)], { asSent });
}

/** Does the server keep what comes by BDAT, and end no lines by itself? */
function keepsChunks({ kind, configuration }) {
  return kind.keepsChunks?.(configuration) === true;
}

/** The bytes of a message in pieces that are cut anywhere: small ones first. */
function* pieces(message) {
  let at = 0;
  for (let size = 1; at < message.length; size = Math.min(2 * size, 100_000) + (size % 3)) {
    const length = at < 1000 ? 1 : size;
    yield message.subarray(at, at + length);
    at += length;
  }
}

const withBody = (body) => (run) => checkDelivered(run, (mailbox) => run.message(mailbox, body));

const usualMessage = withBody("one line\r\nand another\r\n");
const leadingDots = withBody(".\r\n..\r\n.one\r\n...\r\nend.\r\n.\r\n\r\n.\r\n");
const emptyBody = withBody("");
const blankLines = withBody("\r\n\r\nbetween\r\n\r\n\r\n");
const noFinalLineEnd = withBody("one line\r\nand no end");

/** All that there is of line ends that are none. */
async function bareLineEnds(run) {
  const body = "\n.\n.\r\n.\r.\nLF\nCR\rboth\r\n\n\r\r\n\r\n\r.\r\n.\n\n.\r\r.\r\nend\r";
  await checkDeliveredBy(run, (mailbox) => run.message(mailbox, body), { chunking: false });
}

/** BDAT says how long it is, so that nothing in it means anything. */
async function chunksAsTheyAre(run) {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const body = Buffer.concat([Buffer.from("\n.\n\r.\r\n.\r\n"), bytes, Buffer.from("\n\rBDAT 1\r\nend\n")]);
  const make = (mailbox) => Buffer.concat([Buffer.from(run.message(mailbox, "")), body]);
  await checkDeliveredBy(run, make, { chunking: true });
}

async function headerOnly(run) {
  const header = (mailbox) =>
    headerOf({ from: run.sender.address, to: mailbox.address }).replace(/\r\n$/, "");
  await checkDelivered(run, header, run.kind.endsHeaders ? (sent) => `${sent.toString()}\r\n` : undefined);
}

async function longLines(run) {
  const { longestLine = 100_000 } = run.kind;
  const body = `${"x".repeat(longestLine - 1)}\r\n.${"y".repeat(longestLine - 2)}\r\n`;
  await checkDelivered(run, (mailbox) => run.message(mailbox, body));
}

/** All bytes but those that end lines, and NUL. */
async function eightBits(run) {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => ![0, 10, 13].includes(byte));
  const line = Buffer.from([...bytes, 13, 10]);
  await checkDelivered(run, (mailbox) => Buffer.concat([Buffer.from(run.message(mailbox, "")), line, line]));
}

/** What a server would not take is not sent to it. */
async function eightBitsNotOffered(run) {
  const client = await run.client();
  const mailbox = run.mailbox();
  const send = (message) => client.send({ from: run.sender.address, to: mailbox.address, message });
  const error = await send(run.message(mailbox, "Grüße\r\n")).catch((reason) => reason);
  strictEqual(error.name, "NotSupportedError");
  run.checkSent(/^MAIL /, 0);
  const message = run.message(mailbox);
  await send(message);
  await client.quit();
  await run.checkArrived(mailbox, [message]);
}

/** Of lines that begin with dots, and end in all ways. */
async function fiveMebibytes(run) {
  const line = `.${randomBytes(35).toString("hex")}\r\n`;
  const body = line.repeat(Math.ceil((5 * 1_048_576) / line.length));
  await checkDelivered(run, (mailbox) => run.message(mailbox, body));
}

const has8Bits = ({ offers }) => offers.has("8BITMIME");

export const scenarios = [
  ...Object.entries({ usualMessage, leadingDots, emptyBody, blankLines, noFinalLineEnd }).map(
    ([name, scenario]) => ({ name, scenario }),
  ),
  { scenario: bareLineEnds },
  { scenario: chunksAsTheyAre, when: ({ server, protocol }) => server === "Dovecot" && protocol === "lmtp" },
  { scenario: headerOnly },
  { scenario: longLines },
  { scenario: eightBits, when: has8Bits },
  { scenario: eightBitsNotOffered, when: (configuration) => !has8Bits(configuration) },
  { scenario: fiveMebibytes },
];
