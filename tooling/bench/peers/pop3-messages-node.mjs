// node-pop3 for the jobs of many messages. Arguments: where node-pop3 is, host, port, bytes of each message.
import { createRequire } from "node:module";
import { join } from "node:path";
import { owner } from "../lib/maildrop.mjs";
import { measure } from "../lib/measure.mjs";

const [folder, host, port, size] = process.argv.slice(2);
const Pop3Command = createRequire(join(folder, "package.json"))("node-pop3");

async function work() {
  const client = new Pop3Command({ host, port: Number(port), ...owner });
  let whole = 0;
  await client.LIST();
  for (const [number] of await client.UIDL()) {
    const text = await client.RETR(Number(number));
    // Without the last line's end, and with dots as they were sent.
    if (text.length >= Number(size) - 2) whole++;
  }
  await client.QUIT();
  return whole;
}

await measure("items", work);
