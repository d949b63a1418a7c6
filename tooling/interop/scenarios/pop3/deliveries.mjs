// From one end to the other: what was sent with @netcli/smtp is fetched with @netcli/pop3.
import { send } from "../../../../packages/smtp/dist/index.js";
import { mark } from "../../lib/mail-boxes.mjs";

const bodies = [".\r\n..\r\nGrüße\r\n", "", `${"x".repeat(900)}\r\n.\r\n`];

const byBytes = (one, other) => one.compare(other);

/** What was sent is there as it was, behind the fields that servers have put before it. */
async function checkDelivered(run, deliverer, protocol) {
  const { host, port } = deliverer;
  const { maildrop, signal, trace } = run;
  const messages = bodies.map((body, at) => run.message(body, `number ${at}`));
  for (const message of messages) {
    const mail = { from: "sender@netcli.test", to: maildrop.address, message };
    await send({ host, port, protocol, tls: "none", trace, signal }, mail);
  }
  await maildrop.delivered(messages.length, signal);
  const client = await run.client();
  const came = [];
  for await (const message of client.messages({ delete: "after" })) {
    const bytes = Buffer.from(await message.bytes());
    came.push(bytes.subarray(bytes.indexOf(mark)));
  }
  await run.checkQuit(client, messages.length);
  // Who delivers may overtake himself.
  run.checkCame(came.toSorted(byBytes), messages.toSorted(byBytes));
  run.checkLeft([]);
}

async function sentThroughPostfix(run) {
  await checkDelivered(run, await run.deliverer("Postfix", {}), "smtp");
}

async function sentByLmtp(run) {
  await checkDelivered(run, await run.deliverer("Dovecot", { service: "lmtp" }), "lmtp");
}

const isDovecot = ({ server }) => server === "Dovecot";

export const scenarios = [
  { scenario: sentThroughPostfix, when: isDovecot },
  { scenario: sentByLmtp, when: isDovecot },
];
