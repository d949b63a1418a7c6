// Jobs `pop3-messages` and `pop3-distance`: all messages of a maildrop, from a server that is near, and from one that
// is far away.
import { atLeast } from "../lib/bars.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { provide } from "../lib/debian.mjs";
import { makeMaildrop } from "../lib/maildrop.mjs";
import { nodePop3 } from "../lib/node-pop3.mjs";
import { startDovecot, startFarDovecot } from "../lib/pop3-server.mjs";

const delayMs = 20;
const size = 4096;

const ours = {
  key: "ours",
  name: "ours, `Pop3Client.messages()`",
  command: ({ host, port, bytes }) => script("ours/pop3-messages.mjs", host, port, bytes),
};
const poplib = {
  key: "poplib",
  name: "Python poplib",
  command: ({ host, port, bytes }) => script("peers/pop3_messages_poplib.py", host, port, bytes),
};
const node = {
  key: "node-pop3",
  name: "node-pop3",
  command: ({ host, port, bytes }) => script("peers/pop3-messages-node.mjs", nodePop3(), host, port, bytes),
};
const mpop = {
  key: "mpop",
  name: "mpop",
  command({ host, port, folder }) {
    provide("mpop", "mpop");
    return script("peers/pop3_messages_mpop.py", host, port, folder);
  },
};

function variant({ key, name, command }, at, count, rest = {}) {
  const { within = (local) => local } = at;
  return {
    key,
    name,
    ours: key === "ours",
    measure: () => measureChild(within(command(at))),
    expect: count,
    rate: { amount: count, unit: "messages" },
    ...rest,
  };
}

async function prepareNear(context) {
  const count = Math.round(30_000 * context.scale);
  const { bytes } = makeMaildrop(context.folder, { count, size });
  const at = { ...(await startDovecot(context)), bytes };
  return {
    size: `${count} messages of 4 KiB from Dovecot`,
    variants: [ours, poplib, node].map((client) => variant(client, at, count)),
    bars: [atLeast(2, "poplib"), atLeast(2, "node-pop3")],
  };
}

async function prepareFar(context) {
  const { folder, scale } = context;
  const count = Math.round(200 * scale);
  const { bytes } = makeMaildrop(folder, { count, size });
  const at = { ...(await startFarDovecot(context, delayMs)), bytes, folder };
  const roundTrip = (2 * delayMs) / 1000;
  return {
    size: `${count} messages of 4 KiB; ${at.text}`,
    variants: [ours, poplib, node, mpop].map((client) => variant(client, at, count, { roundTrip })),
    bars: [atLeast(10, "poplib"), atLeast(10, "node-pop3"), atLeast(1, "mpop", 0.03)],
  };
}

export const pop3Messages = { name: "pop3-messages", prepare: prepareNear };
export const pop3Distance = { name: "pop3-distance", prepare: prepareFar };
