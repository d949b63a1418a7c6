// Symbolic links in `ls -l`: "name -> target", where both may hold an arrow, too.

const ARROW = " -> ";

/**
 * Parts name and target. With several arrows it is the one whose target has as many bytes as the size says, or the
 * first. Without any there is no target.
 */
export function nameAndTarget(text: string, size: number | undefined): [string, string | undefined] {
  let arrow = text.indexOf(ARROW);
  if (arrow === -1) return [text, undefined];
  if (size !== undefined && text.indexOf(ARROW, arrow + 1) !== -1) {
    const start = startOfLast(text, size);
    if (text.startsWith(ARROW, start - ARROW.length)) arrow = start - ARROW.length;
  }
  return [text.slice(0, arrow), text.slice(arrow + ARROW.length)];
}

// Where the last so many bytes begin, in UTF-8.
function startOfLast(text: string, bytes: number): number {
  let rest = bytes;
  let start = text.length;
  while (rest > 0 && start > 0) {
    start -= 1;
    const code = text.charCodeAt(start);
    // Each half of a surrogate pair counts for two of its four bytes.
    if (code < 0x80) rest -= 1;
    else if (code < 0x800 || (code >= 0xd800 && code < 0xe000)) rest -= 2;
    else rest -= 3;
  }
  return start;
}
