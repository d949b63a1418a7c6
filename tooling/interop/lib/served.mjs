// The files that the scenarios of the programs download.
import { randomBytes } from "node:crypto";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Skipped } from "./skipped.mjs";

const bigBytes = 104_857_600;
const neededBytes = 3 * bigBytes;

/** What a name may hold: quotes, spaces, letters beyond ASCII, and what means something in URLs. */
export const unusualName = `it's "said" in 50% – Grüße#1.txt`;

/** Writes them to a new folder; that, and what they are. */
export function serveFiles(place) {
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize < neededBytes) throw new Skipped("300 MiB of temporary space needed");
  const root = join(place.folder, "served");
  const files = new Map([
    ["big.bin", randomBytes(bigBytes)],
    ["empty", Buffer.alloc(0)],
    [unusualName, Buffer.from("found\n")],
    ["pub/deep/small.txt", Buffer.from("small\n")],
  ]);
  for (const [name, content] of files) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return { root, files };
}
