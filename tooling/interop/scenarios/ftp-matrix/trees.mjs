// A whole directory tree, there and back.
import { deepStrictEqual } from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const count = (length) => Array.from({ length }, (_, at) => at);

// One that takes its time among many that are there and gone, some of them empty.
const sizeOf = (at, inner) => (at === 1 && inner === 0 ? 2_000_000 : at * 977);

/** Makes ten directories of five each below `root`, with ten files in each of these; how many in all. */
function makeTree(root) {
  for (const outer of count(10)) {
    for (const inner of count(5)) {
      const directory = join(root, `d${outer}`, `d${inner}`);
      mkdirSync(directory, { recursive: true });
      for (const at of count(10)) {
        writeFileSync(
          join(directory, `f${at}.bin`),
          Buffer.alloc(sizeOf(at, inner), `${outer} ${inner} ${at}`),
        );
      }
    }
  }
  return 500;
}

/** All files below a folder: their names from there on, and what they hold. */
function filesIn(root) {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted()
      .map((file) => [file.slice(root.length), readFileSync(file, "latin1")]),
  );
}

function checkCopied({ transferred, unchanged, failed, skipped }, wanted) {
  deepStrictEqual({ failed, skipped }, { failed: [], skipped: [] });
  deepStrictEqual({ transferred: transferred.length, unchanged }, wanted);
}

async function wholeTree(run) {
  const local = run.path("local");
  const back = run.path("back");
  const files = makeTree(local);
  const { signal } = run;
  const client = await run.client({ connections: run.sessionsAtOnce });
  const up = { direction: "upload", remote: "tree", local, signal };
  checkCopied(await client.mirror(up), { transferred: files, unchanged: 0 });
  deepStrictEqual(filesIn(run.at("tree")), filesIn(local));
  checkCopied(await client.mirror(up), { transferred: 0, unchanged: files });
  const down = { direction: "download", remote: "tree", local: back, signal };
  checkCopied(await client.mirror(down), { transferred: files, unchanged: 0 });
  deepStrictEqual(filesIn(back), filesIn(local));
  checkCopied(await client.mirror(down), { transferred: 0, unchanged: files });
  await client.removeTree("tree", { signal });
  run.checkNames([]);
  await client.quit();
}

export const scenarios = [wholeTree];
