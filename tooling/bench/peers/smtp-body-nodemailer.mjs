// nodemailer for the jobs `smtp-body` and `smtp-body-stream`. Arguments: host, port, file of the message, how many
// times, and whether it is read from memory or from the file.
import { createReadStream, readFileSync } from "node:fs";
import { measureGrowth } from "../lib/memory.mjs";
import { bytesTaken } from "../lib/messages.mjs";
import { nodemailerPool } from "../lib/nodemailer.mjs";

const [host, port, path, times, source] = process.argv.slice(2);
const bytes = source === "memory" ? readFileSync(path) : undefined;
const envelope = { from: "sender@example.com", to: ["receiver@example.com"] };

async function work() {
  const pool = nodemailerPool({ host, port, ignoreTLS: true, maxConnections: 1 });
  let taken = 0;
  for (let time = 0; time < Number(times); time++) {
    const { response } = await pool.sendMail({ envelope, raw: bytes ?? createReadStream(path) });
    taken += bytesTaken(response);
  }
  return taken;
}

await measureGrowth("bytes", work);
