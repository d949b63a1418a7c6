// Ours for the job `pop3-list`. Arguments: host, port, how many times.
import { Pop3Client } from "../../../packages/pop3/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { pop3Options } from "./pop3-options.mjs";

const [host, port, times] = process.argv.slice(2);

async function work() {
  const client = await Pop3Client.connect(pop3Options(host, port));
  let rows = 0;
  for (let time = 0; time < Number(times); time++) {
    for (const { uid } of await client.rows()) if (uid !== undefined) rows++;
  }
  await client.quit();
  return rows;
}

await measure("items", work);
