// The maildrops of a run of all: filled and looked at past the servers, which must see what was put there.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, mkdirSync, readdirSync, readFileSync, utimesSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { domain } from "./mail-boxes.mjs";

// More than are asked for in a run: servers want to know all names when they start.
const count = 500;

// A time, which is what Dovecot sorts new messages by.
const firstSecond = 1_600_000_000;

const inOrder = (one, other) => (one < other ? -1 : 1);

/** Maildrop is one of them, a Maildir. */
class Maildrop {
  #folder;
  #account;
  #filled = 0;

  constructor(root, name, password, account) {
    this.name = name;
    this.password = password;
    this.address = `${name}@${domain}`;
    this.#folder = join(root, name, "Maildir");
    this.#account = account;
    for (const part of ["", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"]) {
      const made = join(root, name, part);
      mkdirSync(made);
      chownSync(made, account.uid, account.gid);
    }
  }

  /** Puts messages behind those that are there. */
  put(messages) {
    for (const message of messages) {
      const file = join(this.#folder, "new", `${firstSecond + this.#filled}.netcli`);
      writeFileSync(file, message);
      chownSync(file, this.#account.uid, this.#account.gid);
      this.#filled += 1;
    }
  }

  /** Resolves when so many messages were delivered. */
  async delivered(expected, signal) {
    const folder = join(this.#folder, "new");
    const changes = watch(folder, { signal });
    while (readdirSync(folder).length < expected) await once(changes, "change", { signal });
    changes.close();
  }

  /** What is there, the oldest first. */
  messages() {
    const files = ["new", "cur"].flatMap((part) =>
      readdirSync(join(this.#folder, part)).map((name) => ({ name, part })),
    );
    return files
      .toSorted((one, other) => inOrder(one.name, other.name))
      .map(({ name, part }) => readFileSync(join(this.#folder, part, name)));
  }
}

/** Maildrops are those of a place; they belong to its account. */
export class Maildrops {
  /** The names of all that there may be. */
  names = Array.from({ length: count }, (_, at) => `drop-${at}`);
  /** With which the owner of each of them logs in. */
  password = randomBytes(16).toString("hex");
  #account;
  #taken = 0;

  constructor(place) {
    this.root = place.folderOfAccount("maildrops");
    this.#account = place.account;
  }

  /** One that nobody had before. */
  take() {
    const name = this.names[this.#taken];
    if (name === undefined) throw new Error(`there are only ${count} maildrops`);
    this.#taken += 1;
    return new Maildrop(this.root, name, this.password, this.#account);
  }
}

/** Mbox is the one maildrop of a user of this system: a file. No line of a message may begin with "From ". */
export class Mbox {
  #file;
  #account;

  constructor(folder, account) {
    this.name = account.user;
    this.password = account.password;
    this.address = `${account.user}@${domain}`;
    this.#file = join(folder, account.user);
    this.#account = account;
  }

  /** These messages, and no others. */
  put(messages) {
    const separator = "From sender@netcli.test Thu Mar  4 05:06:07 2021\n";
    const parts = messages.flatMap((message) => [Buffer.from(separator), message, Buffer.from("\n")]);
    writeFileSync(this.#file, Buffer.concat(parts), { mode: 0o600 });
    chownSync(this.#file, this.#account.uid, this.#account.gid);
    // popa3d waits for a second if somebody may still be writing.
    utimesSync(this.#file, new Date(0), new Date(0));
  }

  /** What is there. */
  messages() {
    const text = readFileSync(this.#file, "latin1");
    const parts = text.split(/^From .*\n/m).slice(1);
    return parts.map((part) => Buffer.from(part.replace(/\n$/, ""), "latin1"));
  }
}
