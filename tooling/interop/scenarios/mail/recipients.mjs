// Messages for several recipients, of whom the server refuses some.
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

const nobody = "nobody@netcli.test";
const elsewhere = "somebody@elsewhere.test";

const outcomes = ({ recipients }) => recipients.map(({ address, status }) => `${address} ${status}`);

/** Sends the same in all ways that there are to send. */
async function everyWay(run, work) {
  for (const pipelining of run.configuration.pipelinings) {
    for (const chunking of run.offers("CHUNKING") ? [false, true] : [false]) {
      const client = await run.client({ pipelining, chunking });
      await work(client);
      await client.quit();
    }
  }
}

async function someRefused(run) {
  await everyWay(run, async (client) => {
    const [one, other] = [run.mailbox(), run.mailbox()];
    const message = run.message(one);
    const to = [one.address, nobody, other.address];
    const result = await client.send({ from: run.sender.address, to, message });
    deepStrictEqual(outcomes(result), [
      `${one.address} accepted`,
      `${nobody} refused`,
      `${other.address} accepted`,
    ]);
    deepStrictEqual(result.accepted, [one.address, other.address]);
    const [{ address, reply }] = result.refused;
    strictEqual(address, nobody);
    strictEqual(reply.code, 550);
    strictEqual(reply.enhanced, run.kind.givesReasons ? "5.1.1" : undefined);
    for (const mailbox of [one, other]) await run.checkArrived(mailbox, [message]);
  });
}

/** With "throw" it is for all of them or for nobody. */
async function allOrNobody(run) {
  await everyWay(run, async (client) => {
    const mailbox = run.mailbox();
    const message = run.message(mailbox);
    const mail = { from: run.sender.address, message, onPartial: "throw" };
    await rejects(client.send({ ...mail, to: [mailbox.address, nobody] }), (error) => {
      strictEqual(error.name, "SendError");
      strictEqual(error.phase, "rcpt");
      strictEqual(error.mayHaveBeenSent, false);
      deepStrictEqual(outcomes(error), [`${mailbox.address} unsent`, `${nobody} refused`]);
      return true;
    });
    await client.send({ ...mail, to: mailbox.address });
    await run.checkArrived(mailbox, [message]);
  });
}

/** The session goes on, whatever the server makes of DATA for nobody. */
async function everybodyRefused(run) {
  await everyWay(run, async (client) => {
    const mailbox = run.mailbox();
    const message = run.message(mailbox);
    const [refused, taken] = await Promise.allSettled([
      client.send({ from: run.sender.address, to: [nobody, nobody], message }),
      client.send({ from: run.sender.address, to: mailbox.address, message }),
    ]);
    strictEqual(refused.reason?.name, "SendError");
    strictEqual(refused.reason.phase, "rcpt");
    strictEqual(refused.reason.isPermanent, true);
    strictEqual(refused.reason.mayHaveBeenSent, false);
    strictEqual(taken.status, "fulfilled");
    await run.checkArrived(mailbox, [message]);
  });
}

/** More than are asked for ahead at once, good ones between bad ones. */
async function manyRecipients(run) {
  const mailboxes = Array.from({ length: 10 }, () => run.mailbox());
  const message = run.message(run.sender);
  const to = mailboxes.flatMap(({ address }, at) => [
    ...Array.from({ length: 14 }, (_, count) => `nobody-${at}-${count}@netcli.test`),
    address,
  ]);
  const client = await run.client();
  const result = await client.send({ from: run.sender.address, to, message });
  deepStrictEqual(
    result.accepted,
    mailboxes.map(({ address }) => address),
  );
  deepStrictEqual(
    result.recipients.map(({ address }) => address),
    to,
  );
  await client.quit();
  for (const mailbox of mailboxes) await run.checkArrived(mailbox, [message]);
}

/** Mail for others is taken from those only whom the server knows. */
async function relaying(run) {
  const message = run.message(run.sender);
  const mail = { from: run.sender.address, to: elsewhere, message };
  const stranger = await run.client({ user: undefined, password: undefined });
  await rejects(stranger.send(mail), (error) => error.name === "SendError" && error.isPermanent);
  await stranger.quit();
  if (run.configuration.login.length > 0) {
    const client = await run.client();
    deepStrictEqual((await client.send(mail)).accepted, [elsewhere]);
    await client.quit();
  }
}

async function refusedForNow(run) {
  const client = await run.client();
  const message = run.message(run.sender);
  const send = (to) => client.send({ from: run.sender.address, to, message });
  await rejects(send("somebody@later.test"), (error) => {
    strictEqual(error.name, "SendError");
    strictEqual(error.isTemporary, true);
    strictEqual(error.recipients[0].reply.code, 450);
    return true;
  });
  await rejects(send("somebody@never.test"), { name: "SendError", isPermanent: true });
  await client.quit();
}

/** LMTP says behind the message what became of it for each of those who were not refused before. */
async function refusedBehindTheMessage(run) {
  await everyWay(run, async (client) => {
    const [one, broken, other] = [run.mailbox(), run.mailbox(), run.mailbox()];
    broken.breakDown();
    const message = run.message(one);
    const to = [one.address, nobody, broken.address, other.address];
    const result = await client.send({ from: run.sender.address, to, message });
    deepStrictEqual(outcomes(result), [
      `${one.address} accepted`,
      `${nobody} refused`,
      `${broken.address} refused`,
      `${other.address} accepted`,
    ]);
    ok(result.refused[1].reply.code < 500, "the mailbox may be mended");
    await rejects(client.send({ from: run.sender.address, to: broken.address, message }), (error) => {
      strictEqual(error.name, "SendError");
      strictEqual(error.phase, "message");
      strictEqual(error.isTemporary, true);
      strictEqual(error.mayHaveBeenSent, false);
      return true;
    });
    // The replies are still those to the commands.
    await client.send({ from: run.sender.address, to: [one.address, other.address], message });
    for (const mailbox of [one, other]) await run.checkArrived(mailbox, [message, message]);
  });
}

/** The same by verbs of which none waits for the one before. */
async function verbsAhead(run) {
  const session = await run.session();
  const [one, other] = [run.mailbox(), run.mailbox()];
  const message = run.message(one);
  const ways = [
    () => session.data(message),
    ...(run.offers("CHUNKING") ? [() => session.bdat(message, { last: true })] : []),
  ];
  for (const end of ways) {
    const [sender, first, second, third, reply] = await Promise.allSettled([
      session.mail(run.sender.address),
      session.rcpt(one.address),
      session.rcpt(nobody),
      session.rcpt(other.address),
      end(),
    ]);
    deepStrictEqual(
      [sender, first, second, third, reply].map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    strictEqual(reply.value.replies.length, run.configuration.protocol === "lmtp" ? 2 : 1);
    strictEqual((await session.noop()).code, 250);
  }
  await session.quit();
  for (const mailbox of [one, other]) {
    await run.checkArrived(
      mailbox,
      ways.map(() => message),
    );
  }
}

const isLmtp = ({ protocol }) => protocol === "lmtp";
const isPostfix = ({ server, login }) => server === "Postfix" && login.length > 0;

export const scenarios = [
  { scenario: someRefused },
  { scenario: allOrNobody },
  { scenario: everybodyRefused },
  { scenario: manyRecipients },
  { scenario: relaying },
  { scenario: refusedForNow, when: isPostfix },
  { scenario: refusedBehindTheMessage, when: isLmtp },
  { scenario: verbsAhead },
];
