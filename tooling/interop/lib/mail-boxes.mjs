// The mailboxes of a run of all: Maildirs that every server delivers into, and new ones for whoever needs some.
import { ok, strictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

export const domain = "netcli.test";

// More than are asked for in a run: servers want to know all names when they start.
const counts = { box: 5000, göran: 100 };

/** Each message begins with this field: servers put theirs before it. */
export const mark = "X-Begin: here";

/** Mailbox is one of them. */
class Mailbox {
  #maildir;
  #folder;

  constructor(root, name, { uid, gid }) {
    this.name = name;
    this.address = `${name}@${domain}`;
    this.#maildir = join(root, name, "Maildir");
    this.#folder = join(this.#maildir, "new");
    for (const part of ["", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"]) {
      mkdirSync(join(root, name, part));
      chownSync(join(root, name, part), uid, gid);
    }
  }

  /** From now on nothing can be delivered into it. */
  breakDown() {
    rmSync(this.#maildir, { recursive: true });
    writeFileSync(this.#maildir, "no folder");
  }

  /** Resolves when so many messages are there. */
  #filled(expected, signal) {
    return new Promise((resolve, reject) => {
      const done = new AbortController();
      const look = () => {
        if (readdirSync(this.#folder).length < expected) return;
        done.abort();
        resolve();
      };
      const giveUp = () => {
        done.abort();
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { signal: done.signal });
      watch(this.#folder, { signal: done.signal }, look);
      look();
    });
  }

  /** Resolves to the messages as they lie there, when so many are there; fails if there are more. */
  async messages(expected, signal) {
    await this.#filled(expected, signal);
    const names = readdirSync(this.#folder);
    strictEqual(names.length, expected, `${this.name} has ${names.length} messages instead of ${expected}`);
    return names.map((name) => readFileSync(join(this.#folder, name)));
  }

  /** The same without what servers have put before them. */
  async contents(expected, signal) {
    const messages = await this.messages(expected, signal);
    return messages.map((message) => {
      const begin = message.indexOf(mark);
      ok(begin !== -1, `not a message of ours: ${message.toString()}`);
      return message.subarray(begin);
    });
  }
}

/** Mailboxes are those of a place; they belong to its account. */
export class Mailboxes {
  /** The names of all that there may be. */
  names = Object.entries(counts).flatMap(([stem, count]) =>
    Array.from({ length: count }, (_, at) => `${stem}-${at}`),
  );
  /** With which the owner of each of them logs in. */
  password = randomBytes(16).toString("hex");
  #account;
  #taken = new Map();

  constructor(place) {
    this.root = place.folderOfAccount("mailboxes");
    this.#account = place.account;
  }

  /** One that nobody had before. */
  take(stem = "box") {
    const at = this.#taken.get(stem) ?? 0;
    if (at === counts[stem]) throw new Error(`there are only ${at} mailboxes ${stem}`);
    this.#taken.set(stem, at + 1);
    return new Mailbox(this.root, `${stem}-${at}`, this.#account);
  }
}
