// Replies (RFC 959 4.2), and the errors that become one.

/** Lines as they go over the wire, without their ends: one, or all of them. */
export type Reply = string | readonly string[];

export function linesOf(reply: Reply): readonly string[] {
  return typeof reply === "string" ? [reply] : reply;
}

/** A reply of which every line bears the code. */
export function coded(code: number, texts: readonly string[]): readonly string[] {
  return texts.map((text, index) => `${code}${index + 1 < texts.length ? "-" : " "}${text}`);
}

/** Thrown by a verb that says no. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(linesOf(reply).join("\n"));
    this.reply = reply;
  }
}

// What is behind the code of an error of the file system, or of zlib. RFC 959 5.4: what is true of the file only now is 45z.
const TROUBLES = new Map([
  ["ENOENT", "550 No such file or directory."],
  ["ENOTDIR", "550 Not a directory."],
  ["EISDIR", "550 Not a plain file."],
  ["EEXIST", "550 There is something of that name."],
  ["ENOTEMPTY", "550 The directory is not empty."],
  ["EACCES", "550 Permission denied."],
  ["EPERM", "550 Permission denied."],
  ["EROFS", "550 Permission denied."],
  ["ELOOP", "550 Too many links."],
  ["EBUSY", "450 The file is busy."],
  ["ETXTBSY", "450 The file is busy."],
  ["ENOSPC", "452 No space left."],
  ["EDQUOT", "452 No space left."],
  ["EFBIG", "552 The file would be too large."],
  ["ENAMETOOLONG", "553 The name is too long."],
  ["Z_DATA_ERROR", "451 That is not compressed."],
  ["Z_BUF_ERROR", "451 The compressed content has no end."],
  ["EINVAL", "553 There can be no such name."],
]);

/** What the client is told of an error; undefined: it is none that a client can bring about. */
export function replyFor(error: unknown): Reply | undefined {
  if (error instanceof Refusal) return error.reply;
  return TROUBLES.get((error as NodeJS.ErrnoException).code ?? "");
}

/** Runs what makes a name, whose refusal has a code of its own: 553 instead of 550 (RFC 959 5.4, STOR and RNTO). */
export async function naming<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reply = replyFor(error);
    if (typeof reply === "string" && reply.startsWith("550")) throw new Refusal(`553${reply.slice(3)}`);
    throw error;
  }
}
