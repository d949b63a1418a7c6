// The floor for lines in Node: no API at all, only `onread`, block decoding and an indexOf loop.
import { connect } from "node:net";
import { measure } from "../lib/measure.mjs";

const [host, port] = process.argv.slice(2);
const lineLimit = 8192;
let rest = "";
let count = 0;

function takeBlock(length, chunk) {
  const end = chunk.lastIndexOf(10, length - 1) + 1;
  const text = rest + chunk.latin1Slice(0, end);
  rest = end === 0 ? text + chunk.latin1Slice(0, length) : chunk.latin1Slice(end, length);
  if (end === 0) return true;
  let start = 0;
  for (let feed = text.indexOf("\n"); feed !== -1; feed = text.indexOf("\n", start)) {
    if (feed - start > lineLimit) throw new Error("line too long");
    const line = text.slice(start, text.charCodeAt(feed - 1) === 13 ? feed - 1 : feed);
    if (line.length !== 98) throw new Error("wrong line");
    count++;
    start = feed + 1;
  }
  return true;
}

await measure(
  "items",
  () =>
    new Promise((resolve, reject) => {
      const onread = { buffer: Buffer.allocUnsafe(65_536), callback: takeBlock };
      const socket = connect({ host, port: Number(port), onread });
      socket.on("end", () => resolve(count));
      socket.on("error", reject);
    }),
);
