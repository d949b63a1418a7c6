// FTP replies (RFC 959 4.2): three digits; "-" behind them where more lines follow, up to one that begins with
// the same digits and a space. Lines between may look like anything.
import { parseCode, type CodeReply, type ReplyGrammar } from "@netcli/core-transport";

/** An FTP reply: its code, its lines, and its text without codes. */
export type FtpReply = CodeReply;

/** How FTP replies are read. */
export const ftpGrammar: ReplyGrammar<FtpReply> = {
  isLast(line, first) {
    if (line === first) parseCode(first);
    if (first[3] !== "-") return true;
    return line.startsWith(first.slice(0, 3)) && (line.length === 3 || line[3] === " ");
  },
  parse(lines) {
    const [first = ""] = lines;
    const code = first.slice(0, 3);
    // "2200 files" in the middle of a 220 is text.
    const isCoded = (line: string): boolean =>
      line.startsWith(code) && (line.length === 3 || line[3] === " " || line[3] === "-");
    const text = lines.map((line) => (isCoded(line) ? line.slice(4) : line)).join("\n");
    return { code: parseCode(first), lines, text };
  },
  isPreliminary: ({ code }) => code < 200,
  isClosing: ({ code }) => code === 421,
};
