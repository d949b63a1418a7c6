// Ours for the jobs `block` and `block-dots`: the chunks of a dot block. Arguments: host, port, kind of text.
import { commandLine, connect, ReplyPipeline } from "../../../packages/core-transport/dist/index.js";
import { measure } from "../lib/measure.mjs";

const [host, port, kind] = process.argv.slice(2);
const statusReplies = {
  isLast: () => true,
  parse: (lines) => ({ lines, text: lines[0].slice(4), ok: lines[0].startsWith("+OK") }),
};
const connection = await connect({ host, port: Number(port) });
const pipeline = new ReplyPipeline(connection, statusReplies);
await pipeline.greeting();

async function work() {
  const { block } = await pipeline.block(commandLine("RETR", [kind]), { hasBlock: (reply) => reply.ok });
  let bytes = 0;
  for await (const chunk of block) bytes += chunk.length;
  return bytes;
}

await measure("bytes", work);
