// What stands behind the first line of a reply that has several (RFC 1939 3), and what TOP shows of a message.
const DOT = 0x2e;
const DOT_LINE = Buffer.from("\r\n.");
const STUFFING = Buffer.from(".");
const END = Buffer.from(".\r\n");
const LINE_END = Buffer.from("\r\n");
const NO_HEADER_LEFT = Buffer.from("\r\n\r\n");

/** Whole lines as they go over the wire, with the dot behind them. */
export function block(data: Buffer): Buffer {
  const pieces: Buffer[] = data[0] === DOT ? [STUFFING] : [];
  let start = 0;
  for (let at = data.indexOf(DOT_LINE); at !== -1; at = data.indexOf(DOT_LINE, at + 2)) {
    pieces.push(data.subarray(start, at + 2), STUFFING);
    start = at + 2;
  }
  return Buffer.concat([...pieces, data.subarray(start), END]);
}

export function blockOf(lines: readonly string[]): Buffer {
  return block(Buffer.from(lines.map((line) => `${line}\r\n`).join("")));
}

/** Where the body begins; the end, if there is none. */
function bodyStart(data: Buffer): number {
  if (data.subarray(0, LINE_END.length).equals(LINE_END)) return LINE_END.length;
  const end = data.indexOf(NO_HEADER_LEFT);
  return end === -1 ? data.length : end + NO_HEADER_LEFT.length;
}

/** The header, the empty line, and so many lines of the body. */
export function topOf(data: Buffer, lines: number): Buffer {
  let end = bodyStart(data);
  for (let count = 0; count < lines && end < data.length; count += 1) {
    end = data.indexOf(LINE_END, end) + LINE_END.length;
  }
  return data.subarray(0, end);
}

export function headerOf(data: Buffer): Buffer {
  return data.subarray(0, bodyStart(data));
}
