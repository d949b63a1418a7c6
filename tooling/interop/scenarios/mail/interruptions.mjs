// Messages that do not come to their end, and sessions that end before their time.
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { gate } from "../../../../packages/test-kit/dist/index.js";

const line = `${"x".repeat(70)}\r\n`;

/** A message without end, of which `enough` may be called when some of it is on its way. */
async function* endless(header, enough) {
  yield header;
  for (let count = 0; ; count += 1) {
    if (count === 20) await enough();
    yield line.repeat(500);
  }
}

const unsent = ({ name, phase, mayHaveBeenSent, recipients: [recipient] }) =>
  name === "SendError" && phase === "message" && !mayHaveBeenSent && recipient.status === "unsent";

/** What was begun and broken off reaches nobody, however much of it was there; the next message does. */
async function brokenOff(run) {
  for (const chunking of run.offers("CHUNKING") ? [false, true] : [false]) {
    const client = await run.client({ chunking });
    const mailbox = run.mailbox();
    const mail = { from: run.sender.address, to: mailbox.address };
    const reason = new Error("enough");
    const aborting = new AbortController();
    const long = endless(run.message(mailbox), () => aborting.abort(reason));
    await rejects(
      client.send({ ...mail, message: long, signal: aborting.signal }),
      (error) => error === reason,
    );
    const broken = endless(run.message(mailbox), () => Promise.reject(reason));
    await rejects(
      client.send({ ...mail, message: broken }),
      (error) => unsent(error) && error.cause === reason,
    );
    const message = run.message(mailbox);
    await client.send({ ...mail, message });
    await client.quit();
    await run.checkArrived(mailbox, [message]);
  }
}

/** A server that is gone in the middle of a message has not taken it. */
async function serverGone(run) {
  const { client, stop } = await run.clientOfOwn();
  const mailbox = run.mailbox();
  const mail = { from: run.sender.address, to: mailbox.address };
  const message = endless(run.message(mailbox), stop);
  await rejects(client.send({ ...mail, message }), (error) => unsent(error) && error.isTemporary);
  await client.quit();
}

/** The server ends a session that is not used; the next message gets another one. */
async function idleForTooLong(run) {
  const closed = gate();
  const trace = (event) => {
    run.trace(event);
    if (event.text === "closed") closed.open();
  };
  const client = await run.client({ trace }, { patience: 1 });
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  const send = () => client.send({ from: run.sender.address, to: mailbox.address, message });
  await send();
  await closed.opened;
  await send();
  await client.quit();
  strictEqual(run.lines.filter((text) => / event connected/.test(text)).length, 2);
  await run.checkArrived(mailbox, [message, message]);
}

/** Several callers at once, of whom some give up. */
async function someGiveUp(run) {
  const client = await run.client({ connections: 3 });
  const mailbox = run.mailbox();
  const reason = new Error("no longer");
  const messages = Array.from({ length: 30 }, (_, at) => run.message(mailbox, `${at}\r\n`));
  const results = await Promise.allSettled(
    messages.map((message, at) => {
      const aborting = new AbortController();
      const { signal } = aborting;
      const sending = client.send({ from: run.sender.address, to: mailbox.address, message, signal });
      if (at % 3 === 0) aborting.abort(reason);
      return sending;
    }),
  );
  const kept = messages.filter((_, at) => results[at].status === "fulfilled");
  for (const [at, result] of results.entries()) {
    if (result.status === "rejected") ok(at % 3 === 0 && result.reason === reason);
  }
  deepStrictEqual(kept.length, messages.filter((_, at) => at % 3 !== 0).length);
  await client.quit();
  await run.checkArrived(mailbox, kept);
}

const isPlainPostfix = ({ server, wanted, login, offers }) =>
  server === "Postfix" && wanted.tls === "none" && login.length === 0 && offers.size > 0;

export const scenarios = [
  { scenario: brokenOff },
  { scenario: serverGone },
  { scenario: idleForTooLong, when: isPlainPostfix },
  { scenario: someGiveUp },
];
