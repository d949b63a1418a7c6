// Whom the value of a header field names (RFC 5322 3.4, RFC 6854). What two readers could take for two different
// addresses is refused: a guess would send the mail to somebody else.
import { ArgumentError } from "@netcli/core-transport";
import { parseAddress, shown } from "./address.ts";

const DEEPEST_COMMENT = 10;

// The characters that end a word.
const DELIMITERS = " \t(),:;<>]\\";

/**
 * The addresses in the unfolded value of a From, Sender, To, Cc, Bcc or Resent- field, as they are written there.
 * Throws ArgumentError where it is not certain what they are.
 */
export function parseAddressList(text: string): string[] {
  const control = /[^\P{Cc}\t]/u.exec(text);
  if (control !== null) throw unclear(text, control.index, "it contains a control character");
  const entries = new Entries(text);
  for (let at = skipBlanks(text, 0); at < text.length; at = skipBlanks(text, at)) at = entries.take(at);
  return entries.end();
}

/** Entries are read one piece after the other, so that neither depth nor length costs more than its characters. */
class Entries {
  readonly #text: string;
  readonly #addresses: string[] = [];
  // Of the entry that is being read: where its first word is, how many words it has, and the address in brackets.
  #word = "";
  #words = 0;
  #hasAt = false;
  #bracketed: string | undefined;
  #inGroup = false;
  #behindGroup = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** Takes the piece that begins there; gives its end. */
  take(at: number): number {
    const character = this.#text[at];
    if (character === "(") return endOfComment(this.#text, at);
    if (character === ",") this.#endEntry(at);
    else if (this.#behindGroup) throw unclear(this.#text, at, "a comma must follow the group");
    else if (character === ";") this.#endGroup(at);
    else if (this.#bracketed !== undefined) throw unclear(this.#text, at, 'a comma must follow ">"');
    else if (character === ":") this.#beginGroup(at);
    else if (character === "<") return this.#takeBrackets(at);
    else return this.#takeWord(at);
    return at + 1;
  }

  end(): string[] {
    if (this.#inGroup) throw unclear(this.#text, this.#text.length, "a group has no end");
    this.#endEntry(this.#text.length);
    return this.#addresses;
  }

  #takeWord(at: number): number {
    const { end, hasAt } = readWord(this.#text, at);
    this.#hasAt ||= hasAt;
    this.#words += 1;
    if (this.#words === 1) this.#word = this.#text.slice(at, end);
    else if (this.#hasAt)
      throw unclear(this.#text, at, "an address stands beside another word, without a comma");
    return end;
  }

  #takeBrackets(at: number): number {
    if (this.#hasAt) throw unclear(this.#text, at, 'the name before "<" contains an "@"');
    const start = skipBlanks(this.#text, at + 1);
    const { end } = readWord(this.#text, start);
    const close = skipBlanks(this.#text, end);
    if (this.#text[close] !== ">") throw unclear(this.#text, close, 'one address and ">" must follow "<"');
    this.#bracketed = this.#text.slice(start, end);
    return close + 1;
  }

  #beginGroup(at: number): void {
    if (this.#inGroup) throw unclear(this.#text, at, "there is a group in a group");
    if (this.#words === 0 || this.#hasAt) throw unclear(this.#text, at, 'the ":" follows no name of a group');
    this.#inGroup = true;
    this.#words = 0;
  }

  #endGroup(at: number): void {
    if (!this.#inGroup) throw unclear(this.#text, at, 'the ";" ends no group');
    this.#endEntry(at);
    this.#inGroup = false;
    this.#behindGroup = true;
  }

  /** Entries may be empty (RFC 5322 4.4). */
  #endEntry(at: number): void {
    if (this.#bracketed !== undefined) this.#add(this.#bracketed, at);
    else if (this.#words === 1) this.#add(this.#word, at);
    else if (this.#words > 1) throw unclear(this.#text, at, "a name has no address");
    this.#words = 0;
    this.#hasAt = false;
    this.#bracketed = undefined;
    this.#behindGroup = false;
  }

  #add(text: string, at: number): void {
    const { domain, local } = parseAddress(text);
    if (domain === undefined) throw unclear(this.#text, at, `${shown(text)} has no domain`);
    // Some decode it wherever it is, and find another address in it.
    if (/=\?.*\?=/.test(local)) throw unclear(this.#text, at, `${shown(text)} contains an encoded word`);
    this.#addresses.push(text);
  }
}

function unclear(text: string, at: number, why: string): ArgumentError {
  const place = at < text.length ? `before ${shown(text.slice(at))}` : "at its end";
  return new ArgumentError(`it is not clear whom the address list names: ${why}, ${place}; nothing was sent`);
}

function skipBlanks(text: string, at: number): number {
  let end = at;
  while (text[end] === " " || text[end] === "\t") end += 1;
  return end;
}

/** Reads what stands together without blanks: a word of a name, or an address. Its quotes hide what is in them. */
function readWord(text: string, at: number): { end: number; hasAt: boolean } {
  let hasAt = false;
  let end = at;
  while (end < text.length) {
    const character = text[end] as string;
    if (character === '"') {
      end = endOfQuoted(text, end);
    } else if (character === "[") {
      end = endOfLiteral(text, end);
    } else if (DELIMITERS.includes(character)) {
      break;
    } else {
      if (character === "@") hasAt = true;
      end += 1;
    }
  }
  if (end === at) throw unclear(text, at, "a word was expected");
  return { end, hasAt };
}

function endOfQuoted(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '"') return end + 1;
    if (text[end] === "\\") end += 1;
  }
  throw unclear(text, at, "a quotation mark has no counterpart");
}

/** Of an address literal; others use the brackets in names, too. */
function endOfLiteral(text: string, at: number): number {
  let end = at + 1;
  while (/[\w.:-]/.test(text[end] ?? "")) end += 1;
  if (text[end] === "]") return end + 1;
  throw unclear(text, at, "a bracket has no counterpart");
}

function endOfComment(text: string, at: number): number {
  let depth = 0;
  for (let end = at; end < text.length; end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text[end] === ")") depth -= 1;
    else if (text[end] === "(") depth += 1;
    if (depth > DEEPEST_COMMENT) throw unclear(text, end, `comments are nested ${DEEPEST_COMMENT} deep`);
    if (depth === 0) return end + 1;
  }
  throw unclear(text, at, "a comment has no end");
}
