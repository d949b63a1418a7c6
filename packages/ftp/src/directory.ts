// Directories of the server, and what is in them.
import { anySignal, LimitError, ReplyError, type VerbOptions } from "@netcli/core-transport";
import { Batches } from "./batches.ts";
import { ftpCommand } from "./command.ts";
import { refusalToEnter } from "./enter.ts";
import { refusal } from "./errors.ts";
import { EntryReader } from "./listing/entries.ts";
import type { FtpEntry, FtpEntryType } from "./listing/entry.ts";
import type { ListingReaderOptions } from "./listing/reader.ts";
import { splitPath } from "./path.ts";
import type { FtpReply } from "./reply.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";

/** How listings without facts are read; times in them are the server's own. */
export interface ListOptions
  extends VerbOptions, Pick<ListingReaderOptions, "now" | "utcOffset" | "parser"> {}

// A listing is kept in memory: one of a million files, and no endless one. So much an entry counts besides its line.
const LISTING_BYTES = 256 * 1_048_576;
const ENTRY_BYTES = 160;

function weightOf({ raw }: FtpEntry): number {
  return raw.length + ENTRY_BYTES;
}

// Servers that offer MLSD or MLST and know nothing of it.
const WITHOUT_FACTS = new WeakSet<FtpSessions>();

/** Can the server tell facts, by MLSD and MLST? */
export async function hasFacts(
  sessions: FtpSessions,
  session: FtpSession,
  options: VerbOptions,
): Promise<boolean> {
  return (await sessions.features(session, options)).has("MLST") && !WITHOUT_FACTS.has(sessions);
}

/** From now on facts are not asked for; throws the error again if it is no reason for that. */
export function doWithoutFacts(sessions: FtpSessions, error: unknown): void {
  const code = error instanceof ReplyError ? (error.reply as FtpReply).code : undefined;
  if (code !== 500 && code !== 502) throw error;
  WITHOUT_FACTS.add(sessions);
}

/**
 * Reads a directory over that session; entries for the directory itself and its parent left out. Resolves to false if
 * the listing was one for people, which some servers make of what is no directory, too.
 */
export async function readDirectory(
  sessions: FtpSessions,
  session: FtpSession,
  path: string | undefined,
  options: ListOptions,
  take: (entries: FtpEntry[]) => unknown,
): Promise<boolean> {
  const { signal, ...reading } = options;
  const isSure = await hasFacts(sessions, session, { signal });
  const reader = new EntryReader({ ...reading, format: isSure ? "mlsx" : "auto" });
  let isEmpty = true;
  const pass = (entries: FtpEntry[]): unknown => {
    isEmpty &&= entries.length === 0;
    return take(entries.filter(({ special }) => special === undefined));
  };
  let reply: FtpReply;
  try {
    reply = await session.readListing(
      session.listCommand(isSure, path),
      (lines) => pass(reader.push(lines)),
      { signal },
    );
  } catch (error) {
    if (!isSure) throw error;
    doWithoutFacts(sessions, error);
    return readDirectory(sessions, session, path, options, take);
  }
  await pass(reader.end());
  // vsftpd says so of what nobody may read.
  if (isEmpty && reply.code < 300 && /\bfailed to\b/i.test(reply.text))
    throw refusal(reply, ftpCommand("LIST"));
  return isSure;
}

/** All entries of a directory. Rejects with ReplyError if it is none. */
export async function listDirectory(
  sessions: FtpSessions,
  path: string | undefined,
  options: ListOptions,
  isShared: boolean = false,
): Promise<FtpEntry[]> {
  const { signal } = options;
  let isSure = false;
  const entries = await sessions.attempt(
    async (session) => {
      const all: FtpEntry[] = [];
      let length = 0;
      isSure = await readDirectory(sessions, session, path, options, (some) => {
        for (const entry of some) {
          length += weightOf(entry);
          all.push(entry);
        }
        if (length > LISTING_BYTES)
          throw new LimitError("the listing does not fit into memory", "blockBytes");
      });
      return all;
    },
    { signal, isShared },
  );
  if (path !== undefined && path !== "" && !isSure && mayBeNone(path, entries)) {
    const refused = await sessions.attempt((session) => refusalToEnter(session, path, { signal }), {
      signal,
    });
    if (refused !== undefined) throw refused;
  }
  return doubted(entries);
}

/** Servers list nothing where nothing is, and a file as though it were alone in a directory. */
function mayBeNone(path: string, entries: readonly FtpEntry[]): boolean {
  const [only, ...others] = entries;
  if (only === undefined) return true;
  const isNamed = only.name === path || only.name === splitPath(path).name;
  return others.length === 0 && only.type !== "directory" && isNamed;
}

/** What is listed as two things at once is not what it seems: a name with a line end in it can forge any line. */
function doubted(entries: FtpEntry[]): FtpEntry[] {
  const [first] = entries;
  if (entries.every(({ type }) => type === first?.type)) return entries;
  const types = new Map<string, FtpEntryType>();
  const doubtful = new Set<string>();
  for (const { name, type } of entries) {
    const other = types.get(name);
    if (other === undefined) types.set(name, type);
    else if (other !== type) doubtful.add(name);
  }
  if (doubtful.size === 0) return entries;
  return entries.map((entry) => (doubtful.has(entry.name) ? { ...entry, isDoubtful: true as const } : entry));
}

/** The entries of a directory as they come. */
export async function* entriesIn(
  sessions: FtpSessions,
  path: string | undefined,
  options: ListOptions,
): AsyncGenerator<FtpEntry, void, void> {
  const left = new AbortController();
  const wanted = anySignal(options.signal, sessions.ending);
  const signal = anySignal(wanted, left.signal);
  const batches = new Batches<FtpEntry>(LISTING_BYTES, weightOf);
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
    for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) {
      for (const entry of batch) {
        wanted.throwIfAborted();
        yield entry;
      }
    }
  } finally {
    batches.hurry();
    left.abort(new DOMException("nobody wants the listing any more", "AbortError"));
    await reading;
  }
}
