// A tree of small files with a known content: made, written to a disk, and compared with what is there.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const fileSize = 4096;
const filesEach = 10;
/** Every tenth directory is at the top and holds the nine behind it. */
const family = 10;

function directoryName(number) {
  const top = `top-${Math.floor(number / family)}`;
  return number % family === 0 ? top : `${top}/sub-${number % family}`;
}

/** The directories, parents first, and the files with their contents, all by their paths. */
export function makeTree(directoryCount) {
  const directories = Array.from({ length: directoryCount }, (_, number) => directoryName(number));
  const names = Array.from({ length: filesEach }, (_, number) => `file-${number}.bin`);
  const paths = directories.flatMap((directory) => names.map((name) => `${directory}/${name}`));
  return { directories, files: new Map(paths.map((path) => [path, randomBytes(fileSize)])) };
}

/** Any user may change what is written. */
export function writeTree(root, { directories, files }) {
  for (const directory of ["", ...directories]) {
    mkdirSync(join(root, directory));
    chmodSync(join(root, directory), 0o777);
  }
  for (const [path, content] of files) writeFileSync(join(root, path), content);
}

/** Throws unless there is all of the tree, and nothing else. */
export function checkTree(root, { directories, files }) {
  const found = readdirSync(root, { recursive: true }).length;
  const expected = directories.length + files.size;
  if (found !== expected) throw new Error(`${found} files and directories instead of ${expected}`);
  for (const [path, content] of files) {
    if (!content.equals(readFileSync(join(root, path)))) throw new Error(`${path} differs`);
  }
}
