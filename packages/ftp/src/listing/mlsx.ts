// The lines of MLSD and MLST (RFC 3659 7): "type=file;size=1024;modify=20050607212233; name".
import { DASH, DOT, EQUALS, isDigit, isLetter, SEMICOLON, SPACE } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { type EntryDraft, type FtpEntry, specialOf } from "./entry.ts";
import { Facts } from "./facts.ts";
import { readFact } from "./mlsx-fact.ts";
import type { Scanned } from "./scanner.ts";

/**
 * Reads a line of MLSD or MLST. A fact that is invalid is left out, and the entry kept. The name is what follows the
 * first space, with all spaces, semicolons and equal signs that it has. Undefined if there is no name.
 */
export function parseMlsx(line: string): FtpEntry | undefined {
  return parse(line, false);
}

/** Among other formats only what begins with facts, each with its semicolon, is taken for such a line. */
export function scanMlsx(line: string, _clock: ListingClock): Scanned {
  const start = factsAt(line);
  for (let at = start; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === EQUALS) return at > start ? parse(line, true) : undefined;
    // "UNIX.mode", "media-type", "X.fact1"
    if (!isLetter(code) && !isDigit(code) && code !== DASH && code !== DOT) return undefined;
  }
  return undefined;
}

function parse(line: string, isStrict: boolean): FtpEntry | undefined {
  const start = factsAt(line);
  const separator = separatorBehind(line, start);
  if (separator === -1) return undefined;
  if (isStrict && line.charCodeAt(separator - 1) !== SEMICOLON) return undefined;
  const entry: EntryDraft = {
    name: line.slice(separator + 1),
    type: "unknown",
    raw: line,
    format: "mlsx",
  };
  for (let at = start; at < separator;) at = readFact(line, at, separator, entry) + 1;
  if (separator > start) entry.facts = new Facts(line, start, separator);
  if (entry.special === undefined) {
    const special = specialOf(entry.name);
    if (special !== undefined) entry.special = special;
  }
  return entry;
}

// MLST answers over the control connection with a space in front of the facts, and some servers do so in MLSD, too.
// But without any facts that space already is the one before the name.
function factsAt(line: string): number {
  if (line.charCodeAt(0) !== SPACE) return 0;
  const space = line.indexOf(" ", 1);
  const equals = space === -1 ? -1 : line.indexOf("=");
  return equals > 1 && equals < space && line.charCodeAt(space - 1) === SEMICOLON ? 1 : 0;
}

// The space before the name: facts have none (RFC 3659 7.2), but some servers tell as it is where a link leads. In
// drafts of the standard the last fact had no semicolon.
function separatorBehind(line: string, start: number): number {
  const tab = line.indexOf("\t", start);
  for (let from = start; ;) {
    const space = line.indexOf(" ", from);
    // Some servers have a tab before the name.
    if (tab > 0 && (space === -1 || tab < space) && line.charCodeAt(tab - 1) === SEMICOLON) return tab;
    if (space <= start || line.charCodeAt(space - 1) === SEMICOLON) return space;
    const semicolon = isLink(line, from, space) ? line.indexOf(";", space) : -1;
    if (semicolon === -1) return line.lastIndexOf("=", space) >= start ? space : -1;
    from = semicolon + 1;
  }
}

function isLink(line: string, from: number, space: number): boolean {
  const fact = Math.max(line.lastIndexOf(";", space) + 1, from);
  return /^type=os\.[^=;]{1,20}=[a-z]{0,3}link:/i.test(line.slice(fact, fact + 60));
}
