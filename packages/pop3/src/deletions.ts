// What is to be deleted, and what the server was told of that in which session.
import { NotSupportedError, outcomeOf, type Outcome } from "@netcli/core-transport";
import { Pop3ReplyError } from "./errors.ts";
import type { MaildropRow } from "./message.ts";
import type { Pop3Reply } from "./reply.ts";
import type { Pop3Session } from "./session.ts";

/** What a message is called in results: its unique id, or its number where the server has none. */
export function nameOf({ uid, number }: MaildropRow): string {
  return uid ?? String(number);
}

export function withoutIds(): NotSupportedError {
  return new NotSupportedError(
    "the server has no unique ids (UIDL), without which nobody knows which messages are the same in another session",
  );
}

/** Deletions outlast sessions: what was marked in one that broke was not deleted (RFC 1939 6). */
export class Deletions {
  readonly #unwanted: Map<string, MaildropRow> = new Map();
  #session: Pop3Session | undefined;
  readonly #marking: Map<string, Promise<Outcome<Pop3Reply>>> = new Map();

  /** Names of what is to be deleted, and is not known to be. */
  get names(): string[] {
    return [...this.#unwanted.keys()];
  }

  /** Does that session know of all that is to be deleted? */
  isKnownTo(session: Pop3Session): boolean {
    return this.#unwanted.size === 0 || (session.isOpen && session === this.#session);
  }

  has(row: MaildropRow): boolean {
    return this.#unwanted.has(nameOf(row));
  }

  /** Marks a message as deleted, without waiting for the answer. */
  add(session: Pop3Session, row: MaildropRow): void {
    this.#unwanted.set(nameOf(row), row);
    this.#mark(session, row);
  }

  #mark(session: Pop3Session, row: MaildropRow): void {
    this.#session = session;
    this.#marking.set(nameOf(row), outcomeOf(session.dele(row.number)));
  }

  /**
   * Marks in a session what was marked in another one, and gives the names of what is gone. Throws NotSupportedError
   * where only numbers are known: those mean other messages now.
   */
  renew(session: Pop3Session, rows: readonly MaildropRow[]): string[] {
    if (session === this.#session || this.#unwanted.size === 0) return [];
    if ([...this.#unwanted.values()].some(({ uid }) => uid === undefined)) throw withoutIds();
    this.#marking.clear();
    const there = new Set<string>();
    for (const row of rows) {
      if (!this.has(row)) continue;
      there.add(nameOf(row));
      this.#mark(session, row);
    }
    this.#session = session;
    return this.#forget(this.names.filter((name) => !there.has(name)));
  }

  #forget(names: string[]): string[] {
    for (const name of names) this.#unwanted.delete(name);
    return names;
  }

  /** Names of what the server has marked, and why it has not marked others. Rejects if the session broke. */
  async marked(): Promise<{ readonly names: string[]; readonly refused: Error | undefined }> {
    const names: string[] = [];
    let refused: Error | undefined;
    for (const [name, marking] of this.#marking) {
      const { error } = await marking;
      if (error === undefined) names.push(name);
      else if (error instanceof Pop3ReplyError) refused ??= error;
      else throw error;
    }
    return { names, refused };
  }

  /** They are gone: the server has said so. */
  settle(names: string[]): string[] {
    return this.#forget(names);
  }
}
