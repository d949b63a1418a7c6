// Many messages, none of which may be lost, doubled, mixed or changed.
import { deepStrictEqual, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";

/** Bodies of all sizes up to a few packets, no two of them the same, with dots where they matter. */
function bodiesOf(count) {
  return Array.from({ length: count }, (_, at) => {
    const text = randomBytes(at % 40 === 0 ? 20_000 : at % 700).toString("base64");
    return `${at}\r\n.${at}\r\n.\r\n${text.replaceAll("A", "\r\n.")}\r\n`;
  });
}

/** How many commands were under way at the same time, at most. */
function mostInFlight(lines) {
  let inFlight = 0;
  let most = 0;
  for (const line of lines) {
    if (/^\d+ sent (?:RETR|DELE|LIST|UIDL)/.test(line)) inFlight += 1;
    if (/^\d+ received (?:\+OK|-ERR)/.test(line)) inFlight = Math.max(0, inFlight - 1);
    most = Math.max(most, inFlight);
  }
  return most;
}

/** Gets all, deletes all. */
async function checkAll(run, count, options) {
  const messages = run.stock(bodiesOf(count));
  const client = await run.client(options);
  const rows = await client.rows();
  deepStrictEqual(
    rows.map(({ number, size }) => ({ number, size })),
    messages.map(({ length }, at) => ({ number: at + 1, size: length })),
  );
  const came = [];
  for await (const message of client.messages({ delete: "after" })) came.push(await message.bytes());
  run.checkCame(came, messages);
  await run.checkQuit(client, count);
  run.checkLeft([]);
}

const many = (count, pipelining) => ({
  name: `${count} messages (${pipelining})`,
  // Lines of a trace would be too many.
  scenario: (run) => checkAll(run, count, { pipelining, trace: undefined }),
  when: ({ offers }) => offers.has("PIPELINING"),
});

/** As many at once as fit, where that is offered; otherwise one after the other. */
async function manyInFlight(run) {
  for (const pipelining of ["safe", "off"]) {
    const before = run.lines.length;
    await checkAll(run, 20, { pipelining });
    const most = mostInFlight(run.lines.slice(before));
    if (pipelining === "safe" && run.offers("PIPELINING")) ok(most > 10, `only ${most} at the same time`);
    else deepStrictEqual(most, 1);
  }
}

/** All of them through the verbs, without awaiting. */
async function thousandVerbs(run) {
  const messages = run.stock(bodiesOf(1000));
  const session = await run.session({ trace: undefined });
  const came = await Promise.all(messages.map(async (_, at) => (await session.retr(at + 1)).bytes()));
  run.checkCame(came, messages);
  await Promise.all(messages.map((_, at) => session.dele(at + 1)));
  await session.quit();
  run.checkLeft([]);
}

/** The newest first, the large ones not at all, and of the others only the beginning. */
async function chosen(run) {
  const messages = run.stock(bodiesOf(50));
  const client = await run.client();
  const came = [];
  for await (const message of client.messages({ newestFirst: true, maxSize: 5000, top: 1 })) {
    came.push(await message.text());
  }
  const expected = messages
    .filter(({ length }) => length <= 5000)
    .map((message, at) => ({ text: message.toString(), at }))
    .toReversed()
    .map(({ text }) => text.slice(0, text.indexOf("\r\n", text.indexOf("\r\n\r\n") + 4) + 2));
  deepStrictEqual(came, expected);
  await run.checkQuit(client, 0);
  run.checkLeft(messages);
}

export const scenarios = [
  many(1000, "safe"),
  many(1000, "off"),
  { scenario: manyInFlight },
  { scenario: thousandVerbs, when: ({ offers }) => offers.has("PIPELINING") },
  { scenario: chosen },
];
