// Ours for the jobs `block` and `block-dots`: the chunks of a dot block. Arguments: host, port, kind of text.
import {
  commandLine,
  connect,
  ReplyPipeline,
  statusReplies,
} from "../../../packages/core-transport/dist/index.js";
import { measure } from "../lib/measure.mjs";

const [host, port, kind] = process.argv.slice(2);
const connection = await connect({ host, port: Number(port), tls: false });
await connection.readLine(); // The greeting.
const pipeline = new ReplyPipeline(connection, statusReplies);

async function work() {
  const { block } = await pipeline.block(commandLine("RETR", kind));
  let bytes = 0;
  for await (const chunk of block) bytes += chunk.length;
  return bytes;
}

await measure("bytes", work);
