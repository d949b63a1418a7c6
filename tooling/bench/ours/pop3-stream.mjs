// Ours for the job `pop3-stream`: a message to a file. Arguments: host, port, the file, and "watched" to look at the
// memory in use from time to time instead of at what is resident, which needs --expose-gc.
import { createWriteStream, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Pop3Client } from "../../../packages/pop3/dist/index.js";
import { liveBytes, measure } from "../lib/measure.mjs";
import { measureGrowth } from "../lib/memory.mjs";
import { pop3Options } from "./pop3-options.mjs";

const [host, port, path, isWatched] = process.argv.slice(2);
const sampleEach = 16 * 1024 * 1024;
let most = 0;

async function* watched(chunks) {
  let unseen = 0;
  for await (const chunk of chunks) {
    unseen += chunk.length;
    if (unseen > sampleEach) {
      unseen = 0;
      most = Math.max(most, liveBytes());
    }
    yield chunk;
  }
}

async function work() {
  const client = await Pop3Client.connect(pop3Options(host, port));
  for await (const message of client.messages()) {
    const steps = isWatched ? [message.stream(), watched] : [message.stream()];
    await pipeline(...steps, createWriteStream(path));
  }
  await client.quit();
  return statSync(path).size;
}

if (isWatched) {
  const before = liveBytes();
  await measure("bytes", work, () => most - before);
} else {
  await measureGrowth("bytes", work);
}
