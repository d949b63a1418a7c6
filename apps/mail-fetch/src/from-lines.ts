// The quoting of mboxrd: a line of a message that looks like the beginning of another one gets a ">" more.

const FROM = Buffer.from("From ");
const QUOTE = Buffer.from(">");
const LF = 0x0a;

/** Quotes "From " at the beginning of a line, quoted before or not. Lines end in LF. */
export async function* quoteFromLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  // At the beginning of a line, or behind nothing but ">".
  let isStart = true;
  // The end of a chunk that may be the beginning of "From ".
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
    const pieces: Buffer[] = [];
    let done = 0;
    let at = 0;
    for (;;) {
      if (!isStart) {
        const end = bytes.indexOf(LF, at);
        at = end === -1 ? bytes.length : end + 1;
        if (end === -1) break;
        isStart = true;
      }
      while (bytes[at] === QUOTE[0]) at += 1;
      const word = bytes.subarray(at, at + FROM.length);
      if (word.length < FROM.length && FROM.subarray(0, word.length).equals(word)) break;
      isStart = false;
      if (!word.equals(FROM)) continue;
      // Which of them is the one more does not matter.
      pieces.push(bytes.subarray(done, at), QUOTE);
      done = at;
    }
    pieces.push(bytes.subarray(done, at));
    tail = bytes.subarray(at);
    yield pieces.length === 1 ? bytes.subarray(0, at) : Buffer.concat(pieces);
  }
  yield tail;
}
