// Jobs `smtp-body` and `smtp-body-stream`: a big message, from memory and from a stream.
import { atLeast, lessThanMib } from "../lib/bars.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { writeMessage } from "../lib/messages.mjs";
import { startOwnSink } from "../lib/smtp-server.mjs";
import { mib } from "../lib/stats.mjs";

const times = 4;

const clients = [
  { key: "ours", name: "ours", path: "ours/smtp-body.mjs" },
  { key: "nodemailer", name: "nodemailer", path: "peers/smtp-body-nodemailer.mjs" },
  { key: "smtplib", name: "Python smtplib", path: "peers/smtp_body_smtplib.py" },
];

async function plan(context, { source, bars }) {
  const { host, port } = await startOwnSink(context);
  const { path, onWire } = writeMessage(context.folder, Math.round(50 * 1024 * 1024 * context.scale));
  return {
    size: `a message of ${mib(onWire).toFixed(0)} MiB from ${source}, ${times} times on one connection`,
    variants: clients.map((client) => ({
      key: client.key,
      name: client.name,
      ours: client.key === "ours",
      measure: () => measureChild(script(client.path, host, port, path, times, source)),
      expect: onWire * times,
      rate: { amount: onWire * times, unit: "bytes" },
    })),
    bars,
  };
}

const bars = [atLeast(2, "nodemailer"), lessThanMib(64, "ours")];

export const smtpBody = {
  name: "smtp-body",
  prepare: (context) => plan(context, { source: "memory", bars }),
};
export const smtpBodyStream = {
  name: "smtp-body-stream",
  prepare: (context) => plan(context, { source: "stream", bars }),
};
