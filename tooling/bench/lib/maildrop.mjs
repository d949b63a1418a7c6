// A maildrop for the POP3 jobs: a Maildir with many messages, or with a large one.
import { chmodSync, linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeMessage } from "./messages.mjs";

export const owner = { user: "bench", password: "secret" };

/** Below this folder the server finds the maildrops. */
export const rootOf = (folder) => join(folder, "maildrops");

/** Makes it, with so many messages of about that size: their bytes, and the file of one. */
export function makeMaildrop(folder, { count, size }) {
  // The server's users must get in; it writes what it wants to remember beside the messages.
  chmodSync(folder, 0o711);
  const maildir = join(rootOf(folder), owner.user, "Maildir");
  for (const part of ["new", "cur", "tmp"]) mkdirSync(join(maildir, part), { recursive: true });
  for (const part of ["", "new", "cur", "tmp"]) chmodSync(join(maildir, part), 0o777);
  const { path, bytes } = writeMessage(folder, size);
  for (let number = 1; number <= count; number++) {
    // Dovecot takes sizes from names, and reads all of a message otherwise.
    linkSync(path, join(maildir, "cur", `${number}.bench,S=${bytes},W=${bytes}:2,S`));
  }
  return { path, bytes };
}
