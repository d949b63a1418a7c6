// What an application does with a maildrop: it gets its messages, and deletes those that it is done with.
import { setTimeout as pause } from "node:timers/promises";
import {
  anySignal,
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  NotSupportedError,
  outcomeOf,
  TimeoutError,
  type VerbOptions,
} from "@netcli/core-transport";
import { Pop3ReplyError } from "./errors.ts";
import { fetchMessages } from "./fetching.ts";
import { listMaildrop } from "./listing.ts";
import type { MaildropRow, Pop3Message } from "./message.ts";
import { resolveOptions, type Pop3Options, type Pop3Target } from "./options.ts";
import type { SeenStore } from "./seen.ts";
import { Pop3Session } from "./session.ts";

/** What a client can be given. */
export interface Pop3ClientOptions extends Pop3Options {
  /** How often it connects again, in a row and without a message in between, when the connection broke. Default 2. */
  retries?: number | undefined;
}

export interface MessagesOptions extends VerbOptions {
  /** Leaves out what it has, and is told of each message that the caller is done with. Needs unique ids. */
  seen?: SeenStore | undefined;
  /** Only the header and so many lines of the body. */
  top?: number | undefined;
  /** Bytes; larger messages are left out. */
  maxSize?: number | undefined;
  /** The newest first, as far as the server's order tells. Default false. */
  newestFirst?: boolean | undefined;
  /** `after`: deletes each message when the caller is done with it. It is gone when `quit` has said so. */
  delete?: "after" | undefined;
  /** Leaves out messages for which it gives false. */
  filter?: ((row: MaildropRow) => boolean) | undefined;
}

/** What became of the messages that were to be deleted. */
export interface QuitResult {
  /** The unique ids, or numbers where there are none, of those that are gone for sure. */
  readonly deleted: readonly string[];
  /** Of those that are still there, or may be. */
  readonly kept: readonly string[];
  /** Why. */
  readonly error: Error | undefined;
}

// Somebody else may still be in the maildrop: mostly our own session that broke.
const AGAIN_MILLISECONDS = 500;

/**
 * Pop3Client gets the messages of a maildrop, and deletes them. It works over one session, and connects again when that
 * breaks: no message is handed over twice, and none is deleted that the caller was not done with.
 */
export class Pop3Client {
  readonly #target: Pop3Target;
  readonly #retries: number;
  #session: Pop3Session;
  // Connecting again, for all who wait for it.
  #opening: Promise<Pop3Session> | undefined;
  // What is to be deleted, and what was marked as deleted in this session.
  readonly #unwanted: Set<string> = new Set();
  readonly #marking: Map<string, Promise<unknown>> = new Map();
  #quitting: Promise<QuitResult> | undefined;

  private constructor(target: Pop3Target, retries: number, session: Pop3Session) {
    this.#target = target;
    this.#retries = retries;
    this.#session = session;
  }

  /**
   * Connects, sets TLS up and opens the maildrop. Rejects with ConnectError, TlsError, TimeoutError, Pop3ReplyError,
   * NotSupportedError or ArgumentError.
   */
  static async connect(options: string | URL | Pop3ClientOptions): Promise<Pop3Client> {
    const { retries = 2 } = typeof options === "string" || options instanceof URL ? {} : options;
    if (!(retries >= 0)) throw new ArgumentError(`retries must be a number from 0, not ${retries}`);
    const { signal, ...target } = resolveOptions(options);
    return new Pop3Client(target, retries, await Pop3Session.connect({ ...target, signal }));
  }

  /** The session, connected again if it has broken. */
  async #open(): Promise<Pop3Session> {
    if (this.#quitting !== undefined) throw new ConnectionClosedError("the client was closed");
    if (this.#session.isOpen) return this.#session;
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<Pop3Session> {
    const session = await Pop3Session.connect(this.#target);
    if (this.#quitting !== undefined) session.close();
    this.#marking.clear();
    this.#session = session;
    return session;
  }

  /** Lends the session for its verbs. What is deleted there is not in the result of `quit`. */
  async use<T>(work: (session: Pop3Session) => Promise<T>): Promise<T> {
    return work(await this.#open());
  }

  /** The messages that are there, with unique ids and sizes. Rejects with ProtocolError if ids are doubled or missing. */
  async rows(options: VerbOptions = {}): Promise<MaildropRow[]> {
    const rows = await listMaildrop(await this.#open(), options);
    return rows.filter((row) => !this.#unwanted.has(nameOf(row)));
  }

  /**
   * The messages, one by one: small ones are fetched ahead, a large one is streamed when it is read. The caller is done
   * with a message when the loop asks for the next one, or ends by itself; not when it is left with `break` or an
   * error. When the connection breaks it connects again, and goes on behind the last one; without unique ids it rejects.
   */
  async *messages(given: MessagesOptions = {}): AsyncGenerator<Pop3Message, void, void> {
    // Each message that is fetched ahead listens to it.
    const options = { ...given, signal: given.signal && anySignal(given.signal) };
    const { signal, seen } = options;
    const handedOver = new Set<string>();
    for (let failures = 0; ; failures += 1) {
      try {
        const session = await this.#open();
        const rows = await listMaildrop(session, { signal });
        const canGoOn = rows.every(({ uid }) => uid !== undefined);
        if (!canGoOn && (seen !== undefined || handedOver.size > 0)) throw withoutIds();
        await this.#markAgain(session, rows);
        const wanted = await this.#wanted(rows, handedOver, options);
        for await (const message of fetchMessages(session, wanted, options)) {
          yield message;
          // One that broke off comes again, whatever the caller has made of that.
          if (message.isBroken) continue;
          handedOver.add(nameOf(message));
          failures = 0;
          await this.#finish(session, message, options);
          signal?.throwIfAborted();
        }
        return;
      } catch (error) {
        signal?.throwIfAborted();
        if (failures >= this.#retries || this.#quitting !== undefined || !isPassing(error)) throw error;
        await pause(AGAIN_MILLISECONDS * 2 ** failures, undefined, { signal }).catch(() =>
          signal?.throwIfAborted(),
        );
      }
    }
  }

  /** Those that the caller has not had, and wants. */
  async #wanted(
    rows: readonly MaildropRow[],
    handedOver: ReadonlySet<string>,
    { seen, maxSize = Infinity, newestFirst = false, filter }: MessagesOptions,
  ): Promise<MaildropRow[]> {
    await seen?.keepOnly?.(new Set(rows.flatMap(({ uid }) => uid ?? [])));
    const wanted: MaildropRow[] = [];
    for (const row of rows) {
      const name = nameOf(row);
      if (handedOver.has(name) || this.#unwanted.has(name) || row.size > maxSize) continue;
      if (row.uid !== undefined && (await seen?.has(row.uid)) === true) continue;
      if (filter?.(row) !== false) wanted.push(row);
    }
    return newestFirst ? wanted.toReversed() : wanted;
  }

  async #finish(session: Pop3Session, message: Pop3Message, options: MessagesOptions): Promise<void> {
    if (message.uid !== undefined) await options.seen?.add(message.uid);
    if (options.delete === "after") {
      this.#unwanted.add(nameOf(message));
      this.#mark(session, message);
    }
  }

  /** Sends DELE without waiting: what becomes of it is looked at in the end. */
  #mark(session: Pop3Session, row: MaildropRow): void {
    this.#marking.set(nameOf(row), outcomeOf(session.dele(row.number)));
  }

  /** What was marked in a session that broke was not deleted (RFC 1939 6). */
  async #markAgain(session: Pop3Session, rows: readonly MaildropRow[]): Promise<void> {
    for (const row of rows) {
      const name = nameOf(row);
      if (this.#unwanted.has(name) && !this.#marking.has(name)) this.#mark(session, row);
    }
  }

  /**
   * Ends the session, with which the messages go that were to be deleted. If it breaks at that, connects again to see
   * which are gone, and deletes the others. Never rejects.
   */
  quit(): Promise<QuitResult> {
    this.#quitting ??= this.#quit();
    return this.#quitting;
  }

  async #quit(): Promise<QuitResult> {
    const deleted: string[] = [];
    let error: Error | undefined;
    for (let failures = 0; failures <= this.#retries; failures += 1) {
      try {
        if (!this.#session.isOpen && this.#unwanted.size > 0) await this.#findDeleted(deleted);
        const { marked, refused } = await this.#marked();
        await this.#session.quit();
        for (const name of marked) this.#unwanted.delete(name);
        deleted.push(...marked);
        return { deleted, kept: [...this.#unwanted], error: refused };
      } catch (cause) {
        error = cause as Error;
        this.#session.close();
        // Which of them are gone can only be seen by their ids.
        if (!isPassing(error) && !(error instanceof Pop3ReplyError)) break;
      }
    }
    return { deleted, kept: [...this.#unwanted], error };
  }

  /** Connects again, and sees which of those that were to be deleted are gone. */
  async #findDeleted(deleted: string[]): Promise<void> {
    this.#marking.clear();
    this.#session = await Pop3Session.connect(this.#target);
    const rows = await listMaildrop(this.#session, {});
    if (rows.some(({ uid }) => uid === undefined)) throw withoutIds();
    const there = new Set(rows.map(nameOf));
    for (const name of this.#unwanted) {
      if (there.has(name)) continue;
      this.#unwanted.delete(name);
      deleted.push(name);
    }
    await this.#markAgain(this.#session, rows);
  }

  /** Those that the server has marked, and why it has not marked others. */
  async #marked(): Promise<{ marked: string[]; refused: Error | undefined }> {
    const marked: string[] = [];
    let refused: Error | undefined;
    for (const [name, marking] of this.#marking) {
      const { error } = (await marking) as { error?: Error };
      if (error === undefined) marked.push(name);
      else if (error instanceof Pop3ReplyError) refused ??= error;
      else throw error;
    }
    return { marked, refused };
  }

  /** Deletes nothing, and closes. Never rejects. */
  async abort(): Promise<void> {
    this.#quitting ??= Promise.resolve({ deleted: [], kept: [...this.#unwanted], error: undefined });
    await this.#session.abort();
  }

  /** Closes at once: nothing is deleted. What is under way rejects. */
  close(): void {
    this.#quitting ??= Promise.resolve({ deleted: [], kept: [...this.#unwanted], error: undefined });
    this.#session.close();
  }

  /** As `quit`; rejects if messages that were to be deleted may still be there. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { error, kept } = await this.quit();
    if (error !== undefined && kept.length > 0) throw error;
  }
}

function nameOf({ uid, number }: MaildropRow): string {
  return uid ?? String(number);
}

function withoutIds(): NotSupportedError {
  return new NotSupportedError(
    "the server has no unique ids (UIDL), without which nobody knows which messages are the same",
  );
}

/** May the same succeed in another session? */
function isPassing(error: unknown): boolean {
  if (error instanceof Pop3ReplyError) return error.isTemporary;
  return (
    error instanceof ConnectionClosedError || error instanceof TimeoutError || error instanceof ConnectError
  );
}
