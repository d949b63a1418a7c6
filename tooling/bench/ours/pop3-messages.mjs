// Ours for the POP3 jobs of many messages, from the connect to the QUIT. Arguments: host, port, bytes of each message.
import { Pop3Client } from "../../../packages/pop3/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { pop3Options } from "./pop3-options.mjs";

const [host, port, size] = process.argv.slice(2);

async function work() {
  const client = await Pop3Client.connect(pop3Options(host, port));
  let whole = 0;
  for await (const message of client.messages()) {
    if ((await message.bytes()).length === Number(size)) whole++;
  }
  await client.quit();
  return whole;
}

await measure("items", work);
