// Jobs `smtp-distance` and `smtp-distance-full`: many messages on one connection to a server that is far away, with the
// pipelining that every server must take, and with that which also sends the next envelope ahead.
import { atLeast } from "../lib/bars.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { writeMessage } from "../lib/messages.mjs";
import { startFarSink } from "../lib/smtp-server.mjs";

const delayMs = 10;
const size = 10 * 1024;
const connections = 1;

const ours = (pipelining) => ({
  key: "ours",
  name: `ours, \`pipelining: "${pipelining}"\``,
  command: (...at) => script("ours/smtp-messages.mjs", ...at, pipelining),
});
const nodemailer = {
  key: "nodemailer",
  name: "nodemailer, pool",
  command: (...at) => script("peers/smtp-messages-nodemailer.mjs", ...at),
};
const smtplib = {
  key: "smtplib",
  name: "Python smtplib",
  command: (...at) => script("peers/smtp_messages_smtplib.py", ...at),
};

async function plan(context, { clients, bars }) {
  const count = Math.round(200 * context.scale);
  const { host, port, within, text } = await startFarSink(context, delayMs);
  const { path } = writeMessage(context.folder, size);
  return {
    size: `${count} messages of 10 KiB on one connection; ${text}`,
    variants: clients.map(({ key, name, command }) => ({
      key,
      name,
      ours: key === "ours",
      measure: () => measureChild(within(command(host, port, path, count, connections))),
      expect: count,
      rate: { amount: count, unit: "messages" },
      roundTrip: (2 * delayMs) / 1000,
    })),
    bars,
  };
}

const safe = { clients: [ours("safe"), nodemailer, smtplib], bars: [atLeast(1, "nodemailer", 0.03)] };
/** That is at most 0.6 x its time. */
const full = { clients: [ours("full"), nodemailer], bars: [atLeast(1.67, "nodemailer")] };

export const smtpDistance = { name: "smtp-distance", prepare: (context) => plan(context, safe) };
export const smtpDistanceFull = { name: "smtp-distance-full", prepare: (context) => plan(context, full) };
