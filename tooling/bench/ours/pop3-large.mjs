// Ours for the job `pop3-large`: the same message several times, in memory. Arguments: host, port, how many times.
import { Pop3Session } from "../../../packages/pop3/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { pop3Options } from "./pop3-options.mjs";

const [host, port, times] = process.argv.slice(2);

async function work() {
  const session = await Pop3Session.connect(pop3Options(host, port));
  let bytes = 0;
  for (let time = 0; time < Number(times); time++) {
    const message = await session.retr(1);
    bytes += (await message.bytes()).length;
  }
  await session.quit();
  return bytes;
}

await measure("bytes", work);
