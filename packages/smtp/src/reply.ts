// SMTP replies (RFC 5321 4.2): three digits; "-" behind them where more lines follow, each with the same digits. With
// an enhanced status code behind them, where the server knows such (RFC 2034, RFC 3463).
import { parseCode, ProtocolError, type CodeReply, type ReplyGrammar } from "@netcli/core-transport";

/** An SMTP or LMTP reply; its text is without codes. */
export interface SmtpReply extends CodeReply {
  /** The enhanced status code, as "5.1.1" (RFC 3463); undefined if the server sent none. */
  readonly enhanced: string | undefined;
}

const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;

/** How SMTP replies are read. */
export const smtpGrammar: ReplyGrammar<SmtpReply> = {
  isLast(line, first) {
    if (parseCode(line) !== parseCode(first)) {
      throw new ProtocolError(
        `the lines of a reply begin with different codes: ${JSON.stringify(first.slice(0, 3))} and ${JSON.stringify(line.slice(0, 3))}`,
      );
    }
    return line[3] !== "-";
  },
  parse(lines) {
    const [first = ""] = lines;
    const enhanced = enhancedOf(first);
    const text = lines
      .map((line) =>
        line.slice(4 + (enhanced !== undefined && enhancedOf(line) === enhanced ? enhanced.length + 1 : 0)),
      )
      .join("\n");
    return { code: parseCode(first), enhanced, lines, text };
  },
  isClosing: ({ code }) => code === 421,
};

/** Its class must be that of the code (RFC 2034 4): other numbers are text. */
function enhancedOf(line: string): string | undefined {
  const code = ENHANCED.exec(line.slice(4))?.[1];
  return code?.[0] === line[0] ? code : undefined;
}

/** Does it say yes (2yz)? */
export function isPositive({ code }: SmtpReply): boolean {
  return code >= 200 && code < 300;
}
