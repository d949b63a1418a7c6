// Directories of the server, and what is in them.
import { assertArgument, LimitError, ReplyError } from "@netcli/core-transport";
import { anySignal } from "./abort.ts";
import type { VerbOptions } from "./control.ts";
import { factsOf } from "./facts.ts";
import { EntryReader } from "./listing/entries.ts";
import type { FtpEntry, FtpEntryType } from "./listing/entry.ts";
import type { ListingReaderOptions } from "./listing/reader.ts";
import { levelsOf, splitPath } from "./path.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";

/** How listings without facts are read; times in them are the server's own. */
export interface ListOptions extends VerbOptions, Pick<ListingReaderOptions, "now" | "utcOffset" | "parser"> {}

// A listing is kept in memory: one of some million files, and no endless one.
const LISTING_BYTES = 256 * 1_048_576;

/** Reads a directory over that session; entries for the directory itself and its parent left out. */
export async function readDirectory(
  sessions: FtpSessions,
  session: FtpSession,
  path: string | undefined,
  { signal, ...reading }: ListOptions,
  take: (entries: FtpEntry[]) => unknown,
): Promise<void> {
  const hasFacts = (await sessions.features(session, { signal })).has("MLST");
  const reader = new EntryReader({ ...reading, format: hasFacts ? "mlsx" : "auto" });
  const pass = (entries: FtpEntry[]): unknown => take(entries.filter(({ special }) => special === undefined));
  await session.readListing(
    session.listCommand(hasFacts, path),
    (lines) => pass(reader.push(lines)),
    { signal },
  );
  await pass(reader.end());
}

/** All entries of a directory. */
export function listDirectory(
  sessions: FtpSessions,
  path: string | undefined,
  options: ListOptions,
  isShared: boolean = false,
): Promise<FtpEntry[]> {
  return sessions.attempt(
    async (session) => {
      const all: FtpEntry[] = [];
      let length = 0;
      await readDirectory(sessions, session, path, options, (entries) => {
        for (const entry of entries) {
          length += entry.raw.length + 1;
          all.push(entry);
        }
        if (length > LISTING_BYTES) {
          throw new LimitError(`the listing has more than ${LISTING_BYTES} bytes`, "blockBytes");
        }
      });
      return all;
    },
    { signal: options.signal, isShared },
  );
}

/** The entries of a directory as they come. */
export async function* entriesIn(
  sessions: FtpSessions,
  path: string | undefined,
  options: ListOptions,
): AsyncGenerator<FtpEntry, void, void> {
  const left = new AbortController();
  const signal = anySignal(options.signal, left.signal, sessions.ending);
  const batches = new Batches<FtpEntry>();
  const reading = sessions
    .attempt(
      (session) =>
        readDirectory(sessions, session, path, { ...options, signal }, (entries) => batches.put(entries)),
      // Others wait for this session, and who iterates may be waiting for them.
      { signal, onWanted: () => batches.hurry(), canRepeat: () => !batches.isBegun },
    )
    .then(
      () => batches.end(),
      (error: Error) => batches.end(error),
    );
  try {
    for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) yield* batch;
  } finally {
    batches.hurry();
    left.abort(new DOMException("nobody wants the listing any more", "AbortError"));
    await reading;
  }
}

// What is read ahead of a consumer.
const AHEAD = 4_096;

/** Batches passes items from one who reads to one who uses them, and lets neither get far ahead. */
class Batches<T> {
  #batches: T[][] = [];
  #count = 0;
  #isEnded = false;
  #error: Error | undefined;
  #isHurried = false;
  #wake: (() => void) | undefined;
  #goOn: (() => void) | undefined;
  isBegun = false;

  /** Waits until there is room, unless there is a hurry. */
  async put(batch: T[]): Promise<void> {
    if (batch.length === 0) return;
    this.isBegun = true;
    this.#batches.push(batch);
    this.#count += batch.length;
    this.#wake?.();
    if (this.#count < AHEAD || this.#isHurried) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  }

  /** From now on all is taken, however much it is. */
  hurry(): void {
    this.#isHurried = true;
    this.#goOn?.();
  }

  end(error?: Error): void {
    this.#isEnded = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Undefined behind the last one. */
  async next(): Promise<T[] | undefined> {
    while (this.#batches.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const batch = this.#batches.shift();
    if (batch === undefined && this.#error !== undefined) throw this.#error;
    this.#count -= batch?.length ?? 0;
    if (this.#count < AHEAD) this.#goOn?.();
    return batch;
  }
}

/** What there is under that path. Rejects with ReplyError if there is nothing. */
export async function statEntry(
  sessions: FtpSessions,
  session: FtpSession,
  path: string,
  options: ListOptions,
): Promise<FtpEntry> {
  const { name, directory } = splitPath(path);
  const { signal } = options;
  if ((await sessions.features(session, { signal })).has("MLST")) {
    // Servers answer with the path that they were asked for, or the whole path.
    const { special: _, ...entry } = await session.mlst(path === "" ? undefined : path, { signal });
    return { ...entry, name };
  }
  if (name !== "" && name !== "." && name !== "..") {
    let found: FtpEntry | undefined;
    await readDirectory(sessions, session, directory, options, (entries) => {
      found ??= entries.find((entry) => entry.name === name);
    }).catch((error: unknown) => {
      // It may be a directory into which nobody can look.
      if (!(error instanceof ReplyError)) throw error;
    });
    if (found !== undefined) return found;
  }
  // What listings hide, or roots.
  if (await isDirectory(session, path, { signal })) {
    return { name, type: "directory", raw: "", format: "unknown" };
  }
  const { size, modifiedAt } = await factsOf(session, path, { signal });
  if (size === undefined) await session.voidCmd(`SIZE ${path}`, { signal });
  return {
    name,
    type: "file",
    raw: "",
    format: "unknown",
    ...(size === undefined ? {} : { size }),
    ...(modifiedAt === undefined ? {} : { modifiedAt, modifiedPrecision: "second" as const }),
  };
}

/** Can one enter it? The session needs to be lent to nobody else meanwhile. */
async function isDirectory(session: FtpSession, path: string, options: VerbOptions): Promise<boolean> {
  const home = await session.pwd(options);
  try {
    await session.cwd(path, options);
  } catch (error) {
    if (error instanceof ReplyError) return false;
    throw error;
  }
  // Whoever gets the session next relies on it.
  await session.cwd(home).catch((error: unknown) => {
    session.close();
    throw error;
  });
  return true;
}

/** What there is under that path; false if there is nothing. */
export async function existsEntry(
  sessions: FtpSessions,
  session: FtpSession,
  path: string,
  options: ListOptions,
): Promise<FtpEntryType | false> {
  try {
    return (await statEntry(sessions, session, path, options)).type;
  } catch (error) {
    if (error instanceof ReplyError && error.isPermanent) return false;
    throw error;
  }
}

/** Makes a directory and all above it that are not there, in one round trip. */
export async function ensureDirectory(
  sessions: FtpSessions,
  path: string,
  { signal }: VerbOptions,
): Promise<void> {
  assertArgument("the directory", path);
  const refusal = await sessions.attempt(
    async (session) => {
      const made = await Promise.allSettled(levelsOf(path).map((level) => session.mkd(level, { signal })));
      const last = made.at(-1);
      if (last?.status !== "rejected") return undefined;
      if (last.reason instanceof ReplyError) return last.reason;
      throw last.reason;
    },
    { signal },
  );
  if (refusal === undefined) return;
  // What is there already is refused, too.
  const found = await sessions.attempt((session) => existsEntry(sessions, session, path, { signal }), { signal });
  if (found !== "directory") throw refusal;
}
