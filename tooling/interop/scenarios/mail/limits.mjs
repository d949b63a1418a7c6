// Servers that grant less than is asked for.
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { gate } from "../../../../packages/test-kit/dist/index.js";

// Exim says it in clear even where TLS is to come first.
const refusal = /^421[ -]|does not speak TLS/;
const connections = 6;
const granted = 2;

const connected = ({ lines }) => lines.filter((line) => / event connected to /.test(line)).length;

/** Sends so many mails at once; all of them must arrive, once. */
async function checkDelivered(run, client, count) {
  const mailbox = run.mailbox();
  const messages = Array.from({ length: count }, (_, at) => run.message(mailbox, `${at}\r\n`));
  const send = (message) => client.send({ from: run.sender.address, to: mailbox.address, message });
  const results = await Promise.all(messages.map(send));
  deepStrictEqual(
    results.flatMap(({ accepted }) => accepted),
    messages.map(() => mailbox.address),
  );
  await client.quit();
  await run.checkArrived(mailbox, messages);
}

/** We leave before the server might mind. */
async function fewMessagesBySession(run) {
  await checkDelivered(run, await run.client({ messagesPerSession: 3 }), 10);
  strictEqual(connected(run), 4);
}

/** The server says 421 to a message that comes after too many, and closes. */
async function fewMessagesGranted(run) {
  for (const pipelining of ["off", "safe", "full"]) {
    const client = await run.client({ pipelining }, { limits: { messages: 3 } });
    await checkDelivered(run, client, 10);
  }
}

/** The server says 421 instead of a greeting; the sessions that it has granted have to do. */
async function fewSessionsGranted(run) {
  const refused = gate();
  let refusals = 0;
  const trace = (event) => {
    run.trace(event);
    if (!refusal.test(event.text)) return;
    refusals += 1;
    refused.open();
  };
  const client = await run.client({ connections, trace }, { limits: { sessions: granted } });
  // Nobody leaves before as many as are granted are there at once, and another was refused.
  const met = gate();
  let inside = 0;
  const meet = async (session) => {
    inside += 1;
    if (inside === granted) met.open();
    await Promise.all([met.opened, refused.opened]);
    await session.noop();
  };
  const { signal } = run;
  await Promise.all(Array.from({ length: connections }, () => client.use(meet, { signal })));
  await checkDelivered(run, client, 40);
  // Learnt: none is asked for twice.
  ok(refusals <= connections - granted, `${refusals} sessions were refused`);
}

/** The server takes the message for the first of them; who is left may be tried again. */
async function fewRecipientsGranted(run) {
  const client = await run.client({}, { limits: { recipients: 3 } });
  const mailboxes = Array.from({ length: 5 }, () => run.mailbox());
  const to = mailboxes.map(({ address }) => address);
  const message = run.message(run.sender);
  const { accepted, refused } = await client.send({ from: run.sender.address, to, message });
  deepStrictEqual(accepted, to.slice(0, 3));
  deepStrictEqual(
    refused.map(({ address, reply }) => [address, reply.code]),
    to.slice(3).map((address) => [address, 452]),
  );
  const rest = refused.map(({ address }) => address);
  deepStrictEqual((await client.send({ from: run.sender.address, to: rest, message })).accepted, rest);
  await client.quit();
  for (const mailbox of mailboxes) await run.checkArrived(mailbox, [message]);
}

const isLimited = ({ server, offers }) => ["Postfix", "Exim"].includes(server) && offers.size > 0;

export const scenarios = [
  { scenario: fewMessagesBySession },
  { scenario: fewMessagesGranted, when: ({ server }) => server === "Exim" },
  { scenario: fewSessionsGranted, when: isLimited },
  { scenario: fewRecipientsGranted, when: isLimited },
];
