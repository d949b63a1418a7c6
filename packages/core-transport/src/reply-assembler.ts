// From lines to replies: within limits, by a protocol's grammar.
import { LimitError, ProtocolError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { Reply, ReplyGrammar } from "./reply.ts";

/** ReplyAssembler puts replies together of their lines, and refuses those that never end. */
export class ReplyAssembler<R extends Reply> {
  readonly #grammar: ReplyGrammar<R>;
  readonly #limits: Readonly<Limits>;
  #lines: string[] = [];
  #characters = 0;

  constructor(grammar: ReplyGrammar<R>, limits: Readonly<Limits>) {
    this.#grammar = grammar;
    this.#limits = limits;
  }

  /** No reply has begun and not ended. */
  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** Takes the next line; gives the reply if that was its last one. Throws LimitError and ProtocolError. */
  add(line: string): R | undefined {
    const { replyLines, replyBytes } = this.#limits;
    const lines = this.#lines;
    // Most replies are one line, which has a limit of its own.
    if (lines.length === 0 && line.length <= replyBytes && this.#grammar.isLast(line, line)) {
      return this.#grammar.parse([line]);
    }
    lines.push(line);
    this.#characters += line.length;
    if (lines.length > replyLines) {
      throw new LimitError(`the server sent a reply of more than ${replyLines} lines`, "replyLines");
    }
    if (this.#characters > replyBytes) {
      throw new LimitError(`the server sent a reply of more than ${replyBytes} bytes`, "replyBytes");
    }
    if (!this.#grammar.isLast(line, lines[0] as string)) return undefined;
    this.#lines = [];
    this.#characters = 0;
    return this.#grammar.parse(lines);
  }
}

/**
 * The code of a status line of FTP, SMTP or NNTP: three digits, then nothing, a space, or a "-" where more
 * lines follow. Throws ProtocolError for anything else.
 */
export function parseCode(line: string): number {
  const code = digit(line, 0) * 100 + digit(line, 1) * 10 + digit(line, 2);
  const separator = line.charCodeAt(3);
  if (code >= 100 && code < 600 && (line.length === 3 || separator === SPACE || separator === HYPHEN))
    return code;
  throw new ProtocolError(
    `expected a reply of three digits and a text, got ${JSON.stringify(line.slice(0, 80))}`,
  );
}

const SPACE = 0x20;
const HYPHEN = 0x2d;

// NaN for anything but a digit, which makes the whole code NaN.
function digit(line: string, at: number): number {
  const value = line.charCodeAt(at) - 0x30;
  return value >= 0 && value <= 9 ? value : NaN;
}
