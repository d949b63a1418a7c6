// Paths on the server: in replies (RFC 959 appendix II), in commands, and in trees.

/** No tree that people make is as deep; one that leads back into itself has no end. */
export const MOST_LEVELS = 100;

/** The same for links on one path: two that lead to their own directory double the tree with every level. */
export const MOST_LINKS = 4;

/**
 * The path in a 257 reply: between quotes, with quotes inside doubled. Servers that leave the quotes out are
 * understood up to the first space. Empty if there is none.
 */
export function parseQuotedPath(text: string): string {
  if (!text.startsWith('"')) return text.split(" ", 1)[0] ?? "";
  let path = "";
  for (let at = 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return upToLastQuote(text) ?? path + text.slice(at);
    path += text.slice(at, quote);
    const next = text[quote + 1];
    if (next === undefined || /\s/.test(next)) return path;
    if (next !== '"') return upToLastQuote(text) ?? path;
    path += '"';
    at = quote + 2;
  }
}

/** Some servers double no quotes. */
function upToLastQuote(text: string): string | undefined {
  const last = text.lastIndexOf('"');
  return last > 0 ? text.slice(1, last) : undefined;
}

/**
 * A path as the arguments of LIST, NLST and STAT: none without one, and no options of ls where the name begins with a
 * dash.
 */
export function guarded(path: string = ""): string[] {
  // Some skip spaces before they look.
  return path === "" ? [] : [/^\s*-/.test(path) ? `./${path}` : path];
}

/** A path below a directory, which may be the current one: "". */
export function below(directory: string, name: string): string {
  return directory === "" || directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/**
 * What the server is told of a path in a tree, which it has named: in the current directory a name that begins with a
 * tilde would be somebody's home, and one with a dash an option.
 */
export function inTree(root: string, path: string): string {
  if (path === "") return root;
  return root === "" && /^\s*[~-]/.test(path) ? `./${path}` : below(root, path);
}

/** Takes a path apart into that of the directory, "" for the current one, and the name in it, "" for the root. */
export function splitPath(path: string): { readonly directory: string; readonly name: string } {
  const bare = path.replace(/(?<=[^/])\/+$/, "");
  const slash = bare.lastIndexOf("/");
  const directory = slash === 0 ? "/" : bare.slice(0, Math.max(slash, 0));
  return { directory, name: bare.slice(slash + 1) };
}

/** "a/b/c" as "a", "a/b", "a/b/c"; the root and the current directory, which are there, left out. */
export function levelsOf(path: string): string[] {
  const levels: string[] = [];
  for (let at = path.search(/[^/]/); at !== -1 && at < path.length;) {
    const slash = path.indexOf("/", at);
    const end = slash === -1 ? path.length : slash;
    const name = path.slice(at, end);
    if (name !== "" && name !== ".") levels.push(path.slice(0, end));
    at = end + 1;
  }
  return levels;
}

/** Can that be a name in a directory of the server, which leads nowhere else? */
export function isRemoteName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\r\n\0]/.test(name);
}
