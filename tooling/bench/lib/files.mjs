// Big files with a known content: made, checked, and the room for them looked at first.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, statfsSync, writeSync } from "node:fs";
import { mib } from "./stats.mjs";
import { Skipped } from "./children.mjs";

/** A period that divides no buffer size, so that a block lost, doubled or swapped does not go unseen. */
const period = 1_000_003;

export const makePattern = () => randomBytes(period);

export function needRoom(folder, bytes) {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < bytes) throw new Skipped(`${mib(bytes).toFixed(0)} MiB of temporary space needed`);
}

export function writePatternFile(path, pattern, size) {
  const file = openSync(path, "wx");
  try {
    for (let left = size; left > 0;) left -= writeSync(file, pattern, 0, Math.min(left, period));
    // Otherwise the kernel would write it back in the middle of the measurements.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function checkPatternFile(path, pattern, size) {
  const file = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(period);
  try {
    let position = 0;
    for (;;) {
      const length = readSync(file, buffer, 0, period, position);
      if (length === 0) break;
      if (buffer.compare(pattern, 0, length, 0, length) !== 0) {
        throw new Error(`the file differs after byte ${position}`);
      }
      position += length;
    }
    if (position !== size) throw new Error(`the file has ${position} bytes instead of ${size}`);
  } finally {
    closeSync(file);
  }
}
