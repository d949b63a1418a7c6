// What servers do that have never read the RFCs, or have read other ones.
import type { Maildrop, Row } from "./maildrop.ts";

export interface Pop3Quirks {
  /** An empty line in front of each `+OK`. */
  readonly blankLine?: boolean | undefined;
  /** `+ok`, `-err`. */
  readonly lowerCase?: boolean | undefined;
  /** `+OK` without text, where the text tells nothing. */
  readonly bareOk?: boolean | undefined;
  /** RETR does not say how many octets come. */
  readonly noOctets?: boolean | undefined;
  /** Text behind the size in each row of LIST. */
  readonly listText?: boolean | undefined;
  /** More blanks than one, and one at the end, in each row of UIDL. */
  readonly uidlBlanks?: boolean | undefined;
  /** UIDL has no row for the last message. */
  readonly uidlMissing?: boolean | undefined;
  /** UIDL has the first row twice. */
  readonly uidlTwice?: boolean | undefined;
  /** UIDL gives the last message the identifier of the first. */
  readonly uidlSame?: boolean | undefined;
  /** These commands are unknown, as to servers of 1988. */
  readonly noCapa?: boolean | undefined;
  readonly noUidl?: boolean | undefined;
  readonly noTop?: boolean | undefined;
}

// What stands behind their +OK is what was asked for.
const TELLING: ReadonlySet<string> = new Set(["STAT", "LIST", "UIDL", "LAST"]);

/** The first line of a reply as such a server writes it, with an empty one in front where it does that. */
export function statusOf(status: string, verb: string, quirks: Pop3Quirks): string {
  const isOk = status.startsWith("+OK");
  const isBare = quirks.bareOk === true && isOk && !TELLING.has(verb) && !/<.+>$/.test(status);
  const text = isBare ? "+OK" : status;
  const cased =
    quirks.lowerCase === true ? text.replace(/^(?:\+OK|-ERR)/, (word) => word.toLowerCase()) : text;
  return quirks.blankLine === true && isOk ? `\r\n${cased}` : cased;
}

export function listRow({ number, data }: Row, { listText }: Pop3Quirks): string {
  return `${number} ${data.length}${listText === true ? " octets, more or less" : ""}`;
}

export function uidlRow({ number, uid }: Row, { rows }: Maildrop, quirks: Pop3Quirks): string {
  const { uidlBlanks, uidlSame } = quirks;
  const [first] = rows;
  const said = uidlSame === true && first !== undefined && number === rows.length ? first.uid : uid;
  return uidlBlanks === true ? `${number}   ${said} ` : `${number} ${said}`;
}

/** The messages that UIDL lists. */
export function listedByUidl({ rows, left }: Maildrop, { uidlMissing, uidlTwice }: Pop3Quirks): Row[] {
  const listed = left.filter(({ number }) => uidlMissing !== true || number < rows.length);
  return uidlTwice === true ? [...listed.slice(0, 1), ...listed] : listed;
}
