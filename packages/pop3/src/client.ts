// What an application does with a maildrop: it gets its messages, and deletes those that it is done with.
import { setTimeout as pause } from "node:timers/promises";
import {
  anySignal,
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  TimeoutError,
  type VerbOptions,
} from "@netcli/core-transport";
import { Deletions, nameOf, withoutIds } from "./deletions.ts";
import { Pop3ReplyError } from "./errors.ts";
import { fetchMessages } from "./fetching.ts";
import { Link } from "./link.ts";
import { listMaildrop } from "./listing.ts";
import type { MaildropRow, Pop3Message } from "./message.ts";
import { resolveOptions, type Pop3Options } from "./options.ts";
import type { SeenStore } from "./seen.ts";
import type { Pop3Session } from "./session.ts";

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
  readonly #link: Link;
  readonly #retries: number;
  readonly #deletions: Deletions = new Deletions();
  #quitting: Promise<QuitResult> | undefined;

  private constructor(link: Link, retries: number) {
    this.#link = link;
    this.#retries = retries;
  }

  /**
   * Connects, sets TLS up and opens the maildrop. Rejects with ConnectError, TlsError, TimeoutError, Pop3ReplyError,
   * NotSupportedError or ArgumentError.
   */
  static async connect(options: string | URL | Pop3ClientOptions): Promise<Pop3Client> {
    const { retries = 2 } = typeof options === "string" || options instanceof URL ? {} : options;
    if (!(retries >= 0)) throw new ArgumentError(`retries must be a number from 0, not ${retries}`);
    return new Pop3Client(await Link.connect(resolveOptions(options)), retries);
  }

  async #open(signal?: AbortSignal): Promise<Pop3Session> {
    if (this.#quitting !== undefined) throw new ConnectionClosedError("the client was closed");
    return this.#link.open(signal);
  }

  /** Lends the session for its verbs. What is deleted there is not in the result of `quit`. */
  async use<T>(work: (session: Pop3Session) => Promise<T>): Promise<T> {
    return work(await this.#open());
  }

  /** The messages that are there, with unique ids and sizes. Rejects with ProtocolError if ids are doubled or missing. */
  async rows(options: VerbOptions = {}): Promise<MaildropRow[]> {
    const rows = await listMaildrop(await this.#open(options.signal), options);
    return rows.filter((row) => !this.#deletions.has(row));
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
        const session = await this.#open(signal);
        const rows = await listMaildrop(session, { signal });
        const canGoOn = rows.every(({ uid }) => uid !== undefined);
        if (!canGoOn && (seen !== undefined || handedOver.size > 0)) throw withoutIds();
        this.#deletions.renew(session, rows);
        const wanted = await this.#wanted(rows, handedOver, options);
        for await (const message of fetchMessages(session, wanted, options)) {
          yield message;
          // One that broke off comes again, whatever the caller has made of that.
          if (message.failure !== undefined) throw message.failure;
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
      if (handedOver.has(name) || this.#deletions.has(row) || row.size > maxSize) continue;
      if (row.uid !== undefined && (await seen?.has(row.uid)) === true) continue;
      if (filter?.(row) !== false) wanted.push(row);
    }
    return newestFirst ? wanted.toReversed() : wanted;
  }

  async #finish(session: Pop3Session, message: Pop3Message, options: MessagesOptions): Promise<void> {
    if (message.uid !== undefined) await options.seen?.add(message.uid);
    if (options.delete === "after") this.#deletions.add(session, message);
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
    const deletions = this.#deletions;
    const deleted: string[] = [];
    let error: Error | undefined;
    for (let failures = 0; failures <= this.#retries; failures += 1) {
      try {
        if (!deletions.isKnownTo(this.#link.session)) deleted.push(...(await this.#renew()));
        const { names, refused } = await deletions.marked();
        await this.#link.session.quit();
        deleted.push(...deletions.settle(names));
        return { deleted, kept: deletions.names, error: refused };
      } catch (cause) {
        error = cause as Error;
        this.#link.session.close();
        if (this.#link.isClosed || (!isPassing(error) && !(error instanceof Pop3ReplyError))) break;
        if (failures < this.#retries) await pause(AGAIN_MILLISECONDS * 2 ** failures);
      }
    }
    return { deleted, kept: deletions.names, error };
  }

  /** Marks all in the session that there is now, and gives the names of what is gone already. */
  async #renew(): Promise<string[]> {
    const session = await this.#link.open();
    return this.#deletions.renew(session, await listMaildrop(session, {}));
  }

  /** Deletes nothing, and closes. Never rejects. */
  async abort(): Promise<void> {
    this.#quitting ??= Promise.resolve(this.#nothing);
    await this.#link.abort();
  }

  /** Closes at once: nothing is deleted, unless `quit` was under way. What else is under way rejects. */
  close(): void {
    this.#quitting ??= Promise.resolve(this.#nothing);
    this.#link.close();
  }

  get #nothing(): QuitResult {
    return { deleted: [], kept: this.#deletions.names, error: undefined };
  }

  /** As `quit`; rejects if messages that were to be deleted may still be there. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { error, kept } = await this.quit();
    if (error !== undefined && kept.length > 0) throw error;
  }
}

/** May the same succeed in another session? */
function isPassing(error: unknown): boolean {
  if (error instanceof Pop3ReplyError) return error.isTemporary;
  return (
    error instanceof ConnectionClosedError || error instanceof TimeoutError || error instanceof ConnectError
  );
}
