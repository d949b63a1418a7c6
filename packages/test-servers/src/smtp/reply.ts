// Replies (RFC 5321 4.2), with enhanced codes where they are wanted (RFC 2034).

/** Lines as they go over the wire, without their ends: one, or all of them. */
export type Reply = string | readonly string[];

export function linesOf(reply: Reply): readonly string[] {
  return typeof reply === "string" ? reply.split("\n") : reply;
}

/** A reply of which every line bears the codes. */
export function coded(codes: string, texts: readonly string[]): readonly string[] {
  const code = codes.slice(0, 3);
  const enhanced = codes.slice(4);
  const space = enhanced === "" ? "" : " ";
  return texts.map(
    (text, index) => `${code}${index + 1 < texts.length ? "-" : " "}${enhanced}${space}${text}`,
  );
}

const ENHANCED = /^(\d{3}[ -])\d\.\d{1,3}\.\d{1,3} /;

export function withoutEnhanced(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(ENHANCED, "$1"));
}

/** What it says to people. */
export function textOf(reply: Reply): string {
  return withoutEnhanced(linesOf(reply))
    .map((line) => line.slice(4))
    .join(" ");
}

/** Thrown by what says no. */
export class Refusal extends Error {
  readonly reply: string;

  constructor(reply: string) {
    super(reply);
    this.reply = reply;
  }
}
