// Ours for the jobs `stuffing` and `stuffing-repair`: DotEncoder. Arguments: file with the text, repetitions.
import { readFileSync } from "node:fs";
import { DotEncoder } from "../../../packages/core-transport/dist/index.js";
import { measure } from "../lib/measure.mjs";

const [path, repeats] = process.argv.slice(2);
const chunkSize = 65_536;
const block = readFileSync(path);
const text = Buffer.alloc(block.length * Number(repeats), block);

await measure("bytes", () => {
  const encoder = new DotEncoder();
  let bytes = 0;
  for (let start = 0; start < text.length; start += chunkSize) {
    for (const piece of encoder.encode(text.subarray(start, start + chunkSize))) bytes += piece.length;
  }
  return bytes;
});
