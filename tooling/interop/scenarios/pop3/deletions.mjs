// What is deleted, and what is not: nobody may lose a message that he was not done with.
import { deepStrictEqual, rejects } from "node:assert/strict";
import { FileSeenStore } from "../../../../packages/pop3/dist/index.js";

const bodies = ["one\r\n", "two\r\n", "three\r\n", "four\r\n"];

const isEven = ({ number }) => number % 2 === 0;

async function deletedAfter(run) {
  const messages = run.stock(bodies);
  const client = await run.client();
  const came = [];
  for await (const message of client.messages({ delete: "after" })) came.push(await message.bytes());
  run.checkCame(came, messages);
  // Not before the server has said so.
  run.checkLeft(messages);
  await run.checkQuit(client, 4);
  run.checkLeft([]);
}

async function someDeleted(run) {
  const messages = run.stock(bodies);
  const client = await run.client();
  for await (const message of client.messages({ delete: "after", filter: isEven })) await message.bytes();
  await run.checkQuit(client, 2);
  run.checkLeft([messages[0], messages[2]]);
}

async function abortDeletesNothing(run) {
  const messages = run.stock(bodies);
  const client = await run.client();
  for await (const message of client.messages({ delete: "after" })) await message.bytes();
  await client.abort();
  const session = await run.session();
  await session.dele(1);
  await session.abort();
  run.checkLeft(messages);
}

async function closeDeletesNothing(run) {
  const messages = run.stock(bodies);
  const client = await run.client();
  for await (const message of client.messages({ delete: "after" })) await message.bytes();
  client.close();
  const other = await run.client();
  deepStrictEqual((await other.rows()).length, messages.length);
  await run.checkQuit(other, 0);
  run.checkLeft(messages);
}

/** Whoever leaves the loop was not done with the last one. */
async function leftInTheMiddle(run) {
  const messages = run.stock(bodies);
  const client = await run.client();
  for await (const message of client.messages({ delete: "after" })) {
    await message.bytes();
    if (message.number === 2) break;
  }
  await run.checkQuit(client, 1);
  run.checkLeft(messages.slice(1));
  const failing = await run.client();
  const reason = new Error("no room");
  await rejects(
    async () => {
      for await (const _ of failing.messages({ delete: "after" })) throw reason;
    },
    (error) => error === reason,
  );
  await run.checkQuit(failing, 0);
  run.checkLeft(messages.slice(1));
}

/** What was seen comes no more, though it stays on the server; what is new does. */
async function seenOnce(run) {
  const fetched = async () => {
    const seen = await FileSeenStore.open(run.path("seen"));
    const client = await run.client();
    const came = [];
    for await (const message of client.messages({ seen })) came.push(await message.bytes());
    await run.checkQuit(client, 0);
    await seen.close();
    return came;
  };
  const messages = run.stock(bodies);
  run.checkCame(await fetched(), messages);
  run.checkCame(await fetched(), []);
  const others = run.stock(["five\r\n", "six\r\n"]);
  run.checkCame(await fetched(), others);
  run.checkLeft([...messages, ...others]);
}

const isMaildir = ({ server }) => server === "Dovecot";

export const scenarios = [
  { scenario: deletedAfter },
  { scenario: someDeleted },
  { scenario: abortDeletesNothing },
  { scenario: closeDeletesNothing },
  { scenario: leftInTheMiddle },
  { scenario: seenOnce, when: isMaildir },
];
