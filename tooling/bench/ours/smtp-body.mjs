// Ours for the jobs `smtp-body` and `smtp-body-stream`. Arguments: host, port, file of the message, how many times, and
// whether it is read from memory or from the file.
import { createReadStream, readFileSync } from "node:fs";
import { SmtpClient } from "../../../packages/smtp/dist/index.js";
import { measureGrowth } from "../lib/memory.mjs";
import { bytesTaken } from "../lib/messages.mjs";

const [host, port, path, times, source] = process.argv.slice(2);
const bytes = source === "memory" ? readFileSync(path) : undefined;
const message = () => bytes ?? createReadStream(path);

async function work() {
  const client = await SmtpClient.connect({ host, port: Number(port), tls: "none" });
  let taken = 0;
  for (let time = 0; time < Number(times); time++) {
    const { reply } = await client.send({ from: "sender@example.com", to: "receiver@example.com", message });
    taken += bytesTaken(reply.text);
  }
  return taken;
}

await measureGrowth("bytes", work);
