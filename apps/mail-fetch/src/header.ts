// The header of a message, as far as a table needs it.
import { decodeWords } from "./encoded-words.ts";

// More of a field nobody sees.
const FIELD_CHARACTERS = 2_000;

/** Fields by their names in lower case: unfolded, encoded words read, and of those that are there twice the first. */
export function readHeader(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  let lines: string[] = [];
  const finish = (): void => {
    if (name === undefined || fields.has(name)) return;
    fields.set(name, decodeWords(lines.join("").slice(0, FIELD_CHARACTERS)).trim());
  };
  for (const line of text.split(/\r?\n/)) {
    if (line === "") break;
    if (/^[ \t]/.test(line)) {
      lines.push(line);
      continue;
    }
    finish();
    const colon = line.indexOf(":");
    name = colon === -1 ? undefined : line.slice(0, colon).trim().toLowerCase();
    lines = [line.slice(colon + 1)];
  }
  finish();
  return fields;
}
