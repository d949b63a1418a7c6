// Jobs `smtp-messages` and `smtp-messages-5`: many small messages to a server that is near, on one and five connections.
import { atLeast, atMostCpu } from "../lib/bars.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { writeMessage } from "../lib/messages.mjs";
import { startPostfixSink } from "../lib/smtp-server.mjs";

const size = 4096;

const clients = [
  {
    key: "ours",
    name: "ours, `SmtpClient`",
    command: (...at) => script("ours/smtp-messages.mjs", ...at, "safe"),
  },
  {
    key: "nodemailer",
    name: "nodemailer, pool",
    command: (...at) => script("peers/smtp-messages-nodemailer.mjs", ...at),
  },
  {
    key: "smtplib",
    name: "Python smtplib",
    command: (...at) => script("peers/smtp_messages_smtplib.py", ...at),
  },
];

async function plan(context, connections) {
  const count = Math.round(50_000 * context.scale);
  const { host, port, text } = await startPostfixSink(context);
  const { path } = writeMessage(context.folder, size);
  return {
    size: `${count} messages of 4 KiB, connections: ${connections}; ${text}`,
    variants: clients.map(({ key, name, command }) => ({
      key,
      name,
      ours: key === "ours",
      measure: () => measureChild(command(host, port, path, count, connections)),
      expect: count,
      rate: { amount: count, unit: "messages" },
    })),
    bars: [atLeast(1.3, "nodemailer"), atLeast(1, "smtplib"), atMostCpu(0.7, "nodemailer")],
  };
}

export const smtpMessages = { name: "smtp-messages", prepare: (context) => plan(context, 1) };
export const smtpMessages5 = { name: "smtp-messages-5", prepare: (context) => plan(context, 5) };
