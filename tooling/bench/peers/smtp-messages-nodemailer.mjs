// nodemailer's pool for the jobs of many messages. Arguments: host, port, file of the message, how many, connections.
import { readFileSync } from "node:fs";
import { measure } from "../lib/measure.mjs";
import { nodemailerPool } from "../lib/nodemailer.mjs";
import { keepInFlight } from "../lib/window.mjs";

const [host, port, path, count, connections] = process.argv.slice(2);
const mail = {
  envelope: { from: "sender@example.com", to: ["receiver@example.com"] },
  raw: readFileSync(path),
};

async function work() {
  const pool = nodemailerPool({ host, port, ignoreTLS: true, maxConnections: Number(connections) });
  // Some always wait in its queue; with all of them there it is slower.
  return keepInFlight(4 * connections, Number(count), () => pool.sendMail(mail));
}

await measure("items", work);
