// Paths in replies (RFC 959 appendix II).

/**
 * The path in a 257 reply: between quotes, with quotes inside doubled. Servers that leave the quotes out are
 * understood up to the first space. Empty if there is none.
 */
export function parseQuotedPath(text: string): string {
  if (!text.startsWith('"')) return text.split(" ", 1)[0] ?? "";
  let path = "";
  for (let at = 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return path + text.slice(at);
    path += text.slice(at, quote);
    if (text[quote + 1] !== '"') return path;
    path += '"';
    at = quote + 2;
  }
}

/**
 * A path as the arguments of LIST, NLST and STAT: none without one, and no options of ls where the name begins with a
 * dash.
 */
export function guarded(path: string = ""): string[] {
  // Some skip spaces before they look.
  return path === "" ? [] : [/^\s*-/.test(path) ? `./${path}` : path];
}
