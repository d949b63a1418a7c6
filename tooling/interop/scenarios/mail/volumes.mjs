// Many messages, over one session and over several, none of which may be lost, doubled, mixed or changed.
import { ok, strictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";

const many = 1000;

/** Messages of all sizes up to a few packets, no two of them the same, with dots where they matter. */
function messagesFor(run, mailbox, count) {
  return Array.from({ length: count }, (_, at) => {
    const body = randomBytes(at % 40 === 0 ? 20_000 : at % 700).toString("base64");
    return run.message(
      mailbox,
      `${at}\r\n.${at}\r\n.\r\n${body.replaceAll("A", "\r\n.")}\r\n`,
      `number ${at}`,
    );
  });
}

async function checkAll(run, count, options) {
  const client = await run.client(options);
  const mailbox = run.mailbox();
  const messages = messagesFor(run, mailbox, count);
  const send = (message) => client.send({ from: run.sender.address, to: mailbox.address, message });
  const results = await Promise.all(messages.map(send));
  strictEqual(
    results.every(({ accepted }) => accepted.length === 1),
    true,
  );
  await client.quit();
  await run.checkArrived(mailbox, messages);
}

/** Nothing is sent ahead, an envelope is, or all is; in every kind of server. */
async function everyPipelining(run) {
  for (const pipelining of run.configuration.pipelinings) {
    for (const chunking of run.offers("CHUNKING") ? [false, true] : [false]) {
      await checkAll(run, 20, { pipelining, chunking });
    }
  }
}

/** The server dies of it; what was delivered and what not is still known, and nothing is delivered twice. */
async function tooMuchPipelining(run) {
  const client = await run.client({ pipelining: "full" });
  const mailbox = run.mailbox();
  const messages = messagesFor(run, mailbox, 12);
  const send = (message) => client.send({ from: run.sender.address, to: mailbox.address, message });
  const results = await Promise.allSettled(messages.map(send));
  await client.quit();
  for (const { reason } of results.filter(({ status }) => status === "rejected")) {
    strictEqual(reason.name, "SendError");
    strictEqual(reason.mayHaveBeenSent, true);
  }
  // It does pass on what it had when it died.
  await run.checkArrived(mailbox, messages);
  const last = run.message(mailbox);
  const calm = await run.client({ pipelining: "safe" });
  ok(
    (await calm.send({ from: run.sender.address, to: run.sender.address, message: last })).accepted.length ===
      1,
  );
  await calm.quit();
}

const isMeasured = ({ server, protocol, wanted, login, socket, offers }) =>
  (server === "Postfix" || protocol === "lmtp") &&
  offers.has("PIPELINING") &&
  wanted.tls === "none" &&
  login.length === 0 &&
  socket === undefined;

function thousand(connections, pipelining, chunking = false) {
  const words = [connections === 1 ? "one session" : `${connections} sessions`, pipelining];
  return {
    name: `thousandMessages (${[...words, ...(chunking ? ["chunks"] : [])].join(", ")})`,
    // Lines of a trace would be too many.
    scenario: (run) => checkAll(run, many, { connections, pipelining, chunking, trace: undefined }),
    when: isMeasured,
  };
}

export const scenarios = [
  { scenario: everyPipelining },
  { scenario: tooMuchPipelining, when: ({ pipelinings }) => !pipelinings.includes("full") },
  thousand(1, "safe"),
  thousand(1, "full"),
  thousand(5, "safe"),
  thousand(5, "full"),
  thousand(5, "full", true),
];
