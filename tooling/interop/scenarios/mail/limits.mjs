// Servers that grant less than is asked for.
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

// Exim says it in clear even where TLS is to come first.
const refusal = / received 421|does not speak TLS/;

const connected = ({ lines }) => lines.filter((line) => / event connected to /.test(line)).length;

/** Sends so many mails at once; all of them must arrive, once. */
async function checkDelivered(run, count, options, wanted) {
  const client = await run.client(options, wanted);
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
  await checkDelivered(run, 10, { messagesPerSession: 3 });
  strictEqual(connected(run), 4);
}

/** The server says 421 to a message that comes after too many, and closes. */
async function fewMessagesGranted(run) {
  for (const pipelining of ["off", "safe", "full"]) {
    await checkDelivered(run, 10, { pipelining }, { limits: { messages: 3 } });
  }
}

/** The server says 421 instead of a greeting; the sessions that it has granted have to do. */
async function fewSessionsGranted(run) {
  await checkDelivered(run, 40, { connections: 6 }, { limits: { sessions: 2 } });
  run.checkSaid(refusal);
  ok(connected(run) < 20, "it was asked over and over again");
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
