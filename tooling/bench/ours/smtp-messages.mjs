// Ours for the jobs of many messages. Arguments: host, port, file of the message, how many, connections, and how to
// pipeline.
import { readFileSync } from "node:fs";
import { SmtpClient } from "../../../packages/smtp/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { keepInFlight } from "../lib/window.mjs";

const [host, port, path, count, connections, pipelining] = process.argv.slice(2);
const options = {
  host,
  port: Number(port),
  tls: "none",
  connections: Number(connections),
  messagesPerSession: Infinity,
  pipelining,
};
const mail = { from: "sender@example.com", to: "receiver@example.com", message: readFileSync(path) };

async function work() {
  const client = await SmtpClient.connect(options);
  return keepInFlight(4 * connections, Number(count), () => client.send(mail));
}

await measure("items", work);
