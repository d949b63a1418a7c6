// Messages of all kinds, which must come as they lie there: byte for byte, but for the line ends.
import { randomBytes } from "node:crypto";

/** Gets the messages by the verbs and by the client, in memory and as streams. */
async function checkFetched(run, bodies) {
  const messages = run.stock(bodies);
  const session = await run.session();
  const came = await Promise.all(messages.map(async (_, at) => (await session.retr(at + 1)).bytes()));
  await session.quit();
  run.checkCame(came, messages);
  const client = await run.client();
  const streamed = [];
  for await (const message of client.messages()) {
    const chunks = [];
    for await (const chunk of message.stream()) chunks.push(chunk);
    streamed.push(Buffer.concat(chunks));
  }
  run.checkCame(streamed, messages);
  await run.checkQuit(client, 0);
  run.checkLeft(messages);
}

const withBodies = (...bodies) => {
  return (run) => checkFetched(run, bodies);
};

const usualMessages = withBodies("one line\r\nand another\r\n", "Grüße, 漢字 and 🙂\r\n");
const leadingDots = withBodies(
  ".\r\n",
  ".\r\n..\r\n.one\r\n...\r\nend.\r\n.\r\n\r\n.\r\n",
  "..\r\n",
  "x\r\n.x\r\n",
);
const emptyBodies = withBodies("", "\r\n", "\r\n\r\nbetween\r\n\r\n\r\n");
const likeReplies = withBodies("+OK\r\n-ERR [AUTH] no\r\n+ \r\n+OK 2 messages\r\n", "-ERR\r\n");

/** All bytes but those that end lines, and NUL. */
async function eightBits(run) {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => ![0, 10, 13].includes(byte));
  const line = Buffer.from([...bytes, 13, 10]);
  await checkFetched(run, [Buffer.concat([line, line]), Buffer.from("\xff\xfe.\xe9\r\n", "latin1")]);
}

async function longLines(run) {
  const line = "x".repeat(1_000_000);
  await checkFetched(run, [`${line}\r\n.${line}\r\n`, `${".".repeat(70_000)}\r\n`]);
}

/** Of lines that begin with dots, longer than what is held in memory. */
async function fiveMebibytes(run) {
  const line = `.${randomBytes(35).toString("hex")}\r\n`;
  await checkFetched(run, [line.repeat(Math.ceil((5 * 1_048_576) / line.length)), "small\r\n"]);
}

export const scenarios = [
  ...Object.entries({ usualMessages, leadingDots, emptyBodies, likeReplies }).map(([name, scenario]) => ({
    name,
    scenario,
  })),
  { scenario: eightBits },
  { scenario: longLines },
  { scenario: fiveMebibytes },
];
