// What a download that failed has left for the next one.
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

// Of the name of a file as much goes into that of its part.
const SHOWN_CHARACTERS = 50;
const TAIL = /^\.[\da-f]{16}\.part$/;

/** The size of the part of a file that was kept last; undefined if there is none. */
export async function keptBytes(local: string): Promise<number | undefined> {
  const folder = dirname(local);
  const head = `.${basename(local).slice(0, SHOWN_CHARACTERS)}`;
  let newest: { readonly mtimeMs: number; readonly size: number } | undefined;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(head) || !TAIL.test(name.slice(head.length))) continue;
    const part = await stat(join(folder, name)).catch(() => undefined);
    if (part !== undefined && part.mtimeMs > (newest?.mtimeMs ?? 0)) newest = part;
  }
  return newest?.size;
}
