// SASLprep (RFC 4013): one spelling for each name and password, whatever the keyboard. For stored strings, as SCRAM
// wants it: what Unicode 3.2 did not know is refused.
import { ArgumentError } from "@netcli/core-transport";
import {
  LEFT_TO_RIGHT,
  MAPPED_TO_NOTHING,
  PROHIBITED,
  RIGHT_TO_LEFT,
  SPACES,
  UNASSIGNED,
} from "./saslprep-tables.ts";

type Table = (codePoint: number) => boolean;

/** Read when first needed: most passwords are ASCII. */
function table(text: string): Table {
  let bounds: number[] | undefined;
  return (codePoint) => {
    bounds ??= parse(text);
    return isWithin(bounds, codePoint);
  };
}

/** First and last of each range, in ascending order. */
function parse(text: string): number[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap((range) => {
      const [first = "", last = first] = range.split("-");
      return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
    });
}

function isWithin(bounds: readonly number[], codePoint: number): boolean {
  let low = 0;
  let high = bounds.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codePoint > (bounds[middle * 2 + 1] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return codePoint >= (bounds[low * 2] ?? Infinity);
}

const isMappedToNothing = table(MAPPED_TO_NOTHING);
const isSpace = table(SPACES);
const isProhibited = table(PROHIBITED);
const isUnassigned = table(UNASSIGNED);
const isRightToLeft = table(RIGHT_TO_LEFT);
const isLeftToRight = table(LEFT_TO_RIGHT);

// Wrong in Unicode 3.2 and put right in 4.0 (Corrigendum #4): the only assigned ones that today's NFKC maps otherwise.
const CORRECTED: ReadonlyMap<string, string> = new Map([
  ["\u{2F868}", "\u{2136A}"],
  ["\u{2F874}", "\u5F33"],
  ["\u{2F91F}", "\u43AB"],
  ["\u{2F95F}", "\u7AAE"],
  ["\u{2F9BF}", "\u4D57"],
]);

/**
 * Prepares a name or password. Throws ArgumentError, which names `what` and never the text, for one that SASLprep
 * does not allow.
 */
export function saslprep(text: string, what: string = "the text"): string {
  // What it does to printable ASCII.
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  let mapped = "";
  for (const character of text) {
    const codePoint = codePointOf(character);
    // Before NFKC, which today makes assigned characters of some.
    if (isUnassigned(codePoint)) throw notAllowed(what, "a character that is newer than Unicode 3.2");
    // U+200B is in both tables; all others take it for a space too.
    if (isSpace(codePoint)) mapped += " ";
    else if (!isMappedToNothing(codePoint)) mapped += CORRECTED.get(character) ?? character;
  }
  const prepared = mapped.normalize("NFKC");
  const codePoints = Array.from(prepared, codePointOf);
  if (codePoints.some(isProhibited)) throw notAllowed(what, "a control or other prohibited character");
  checkDirection(what, codePoints);
  return prepared;
}

/** RFC 3454 6. */
function checkDirection(what: string, codePoints: readonly number[]): void {
  if (!codePoints.some(isRightToLeft)) return;
  const isWhole = isRightToLeft(codePoints[0] ?? 0) && isRightToLeft(codePoints.at(-1) ?? 0);
  if (isWhole && !codePoints.some(isLeftToRight)) return;
  throw notAllowed(what, "a mixture of writing from left to right and from right to left");
}

function codePointOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function notAllowed(what: string, found: string): ArgumentError {
  return new ArgumentError(
    `${what} contains ${found}, which SASLprep (RFC 4013) does not allow; "prepare" may be given to leave it as it is`,
  );
}
