// Many messages, over one session and over several, none of which may be lost, doubled, mixed or changed.
import { strictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";

const many = 1000;

/** Messages of all sizes up to a few packets, no two of them the same, with dots and bare line ends in them. */
function messagesFor(run, mailbox, count) {
  return Array.from({ length: count }, (_, at) => {
    const body = randomBytes(at % 40 === 0 ? 20_000 : at % 700).toString("base64");
    return run.message(mailbox, `${at}\n.${at}\r\n.\r\n${body.replaceAll("A", "\n.")}`, `number ${at}`);
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
  for (const pipelining of ["off", "safe", "full"]) {
    for (const chunking of run.offers("CHUNKING") ? [false, true] : [false]) {
      await checkAll(run, 20, { pipelining, chunking });
    }
  }
}

const thousand = (connections, pipelining, chunking = false) => ({
  name: `thousandMessages(${connections === 1 ? "one session" : `${connections} sessions`}, ${pipelining}${chunking ? ", chunks" : ""})`,
  scenario: (run) => checkAll(run, many, { connections, pipelining, chunking, trace: undefined }),
  when: ({ server, wanted, socket, login, offers }) =>
    wanted.tls === "none" &&
    login.length === 0 &&
    socket === undefined &&
    offers.size > 0 &&
    (server === "Postfix" ? wanted.xclient !== true : server === "Dovecot" || server === "aiosmtpd") &&
    (!chunking || offers.has("CHUNKING")),
});

export const scenarios = [
  { scenario: everyPipelining },
  thousand(1, "safe"),
  thousand(1, "full"),
  thousand(5, "safe"),
  thousand(5, "full"),
  thousand(5, "full", true),
];
