// Connections that break: what was begun goes on in another session, and nothing is lost, doubled or deleted too early.
import { rejects, strictEqual } from "node:assert/strict";
import { oneByteRelay } from "../../../../packages/test-kit/dist/index.js";

const bodies = Array.from({ length: 20 }, (_, at) => `${at}\r\n.${"x".repeat(70)}\r\n`.repeat(at + 1));

const connected = ({ lines }) => lines.filter((line) => / event connected to /.test(line)).length;

/** In a message or between two. */
async function cutAnywhere(run) {
  const messages = run.stock(bodies);
  for (const behind of [4000, 6000, 9999]) {
    const before = connected(run);
    const client = await run.clientOfRelay([{ behind }]);
    const came = [];
    for await (const message of client.messages()) {
      const bytes = await message.bytes().catch(() => undefined);
      if (bytes !== undefined) came.push(bytes);
    }
    run.checkCame(came, messages);
    await run.checkQuit(client, 0);
    strictEqual(connected(run) - before, 2);
  }
}

async function cutAndDeleted(run) {
  const messages = run.stock(bodies);
  const client = await run.clientOfRelay([{ behind: 6000 }, { behind: 9000 }]);
  const came = [];
  for await (const message of client.messages({ delete: "after" })) came.push(await message.bytes());
  run.checkCame(came, messages);
  run.checkLeft(messages);
  await run.checkQuit(client, messages.length);
  run.checkLeft([]);
}

/** The server did not get it, or nobody knows whether it did; both are found out. */
async function cutAtQuit(run) {
  for (const quit of ["lost", "unanswered"]) {
    run.stock(bodies.slice(0, 3));
    const client = await run.clientOfRelay([{ quit }]);
    for await (const message of client.messages({ delete: "after" })) await message.bytes();
    await run.checkQuit(client, 3);
    run.checkLeft([]);
  }
}

/** A session tells that it does not know. */
async function cutAtQuitOfSession(run) {
  run.stock(bodies.slice(0, 3));
  const client = await run.clientOfRelay([{ quit: "unanswered" }]);
  await client.use(async (session) => {
    await session.dele(1);
    await rejects(session.quit(), { name: "ConnectionClosedError" });
  });
}

async function abortedBySignal(run) {
  const messages = run.stock(bodies);
  const client = await run.client();
  const aborting = new AbortController();
  const reason = new Error("enough");
  const came = [];
  await rejects(
    async () => {
      for await (const message of client.messages({ signal: aborting.signal, delete: "after" })) {
        came.push(await message.bytes());
        if (came.length === 5) aborting.abort(reason);
      }
    },
    (error) => error === reason,
  );
  run.checkCame(came, messages.slice(0, 5));
  // Whoever asks for the next one is done with that.
  await run.checkQuit(client, 5);
  run.checkLeft(messages.slice(5));
}

/** Whatever the network makes of it: the server's bytes come one by one. */
async function oneByteAtATime(run) {
  const messages = run.stock([".\r\n..\r\n", "", "\r\n.\r\n"]);
  const { host, port } = await run.options();
  const relay = await oneByteRelay(host, port);
  run.ending(() => relay.close());
  const client = await run.client({ host: relay.host, port: relay.port });
  const came = [];
  for await (const message of client.messages({ delete: "after" })) came.push(await message.bytes());
  run.checkCame(came, messages);
  await run.checkQuit(client, 3);
  run.checkLeft([]);
}

const hasIds = ({ offers }) => offers.has("UIDL");
const isClear = ({ server, wanted }) => server === "Dovecot" && wanted.tls === "none";

export const scenarios = [
  { scenario: cutAnywhere, when: hasIds },
  { scenario: cutAndDeleted, when: hasIds },
  { scenario: cutAtQuit, when: isClear },
  { scenario: cutAtQuitOfSession, when: isClear },
  { scenario: abortedBySignal },
  { scenario: oneByteAtATime, when: ({ wanted }) => wanted.tls === "none" },
];
