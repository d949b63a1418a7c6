// What there is under one path of the server.
import { ReplyError, type VerbOptions } from "@netcli/core-transport";
import { doWithoutFacts, hasFacts, type ListOptions, readDirectory } from "./directory.ts";
import { refusalToEnter } from "./enter.ts";
import { factsOf } from "./facts.ts";
import type { FtpEntry, FtpEntryType } from "./listing/entry.ts";
import { splitPath } from "./path.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";

/** What there is under that path; links are not followed. Rejects with ReplyError if there is nothing. */
export async function statEntry(
  sessions: FtpSessions,
  session: FtpSession,
  path: string,
  options: ListOptions,
): Promise<FtpEntry> {
  const { name } = splitPath(path);
  const { signal } = options;
  if (await hasFacts(sessions, session, { signal })) {
    try {
      // Servers answer with the path that they were asked for, or the whole path.
      const { special: _, ...entry } = await session.mlst(path === "" ? undefined : path, { signal });
      return { ...entry, name };
    } catch (error) {
      doWithoutFacts(sessions, error);
    }
  }
  return (await listedEntry(sessions, session, path, options)) ?? unlistedEntry(session, path, { signal });
}

/** As it is in the listing of its directory. */
async function listedEntry(
  sessions: FtpSessions,
  session: FtpSession,
  path: string,
  options: ListOptions,
): Promise<FtpEntry | undefined> {
  const { name, directory } = splitPath(path);
  if (name === "" || name === "." || name === "..") return undefined;
  let found: FtpEntry | undefined;
  try {
    await readDirectory(sessions, session, directory, options, (entries) => {
      for (const entry of entries.filter((each) => each.name === name)) {
        // A name with a line end in it may have forged one of them.
        found = found === undefined || found.type === entry.type ? entry : { ...found, isDoubtful: true };
      }
    });
  } catch (error) {
    // It may be a directory into which nobody can look.
    if (!(error instanceof ReplyError)) throw error;
  }
  return found;
}

/** What listings hide, or roots. */
async function unlistedEntry(session: FtpSession, path: string, options: VerbOptions): Promise<FtpEntry> {
  const { name } = splitPath(path);
  const refused = await refusalToEnter(session, path, options);
  if (refused === undefined) return { name, type: "directory", raw: "", format: "unknown" };
  const { size, modifiedAt } = await factsOf(session, path, options);
  if (size === undefined && modifiedAt === undefined) throw refused;
  // Many tell the time of a directory as well.
  return {
    name,
    type: size === undefined ? "unknown" : "file",
    raw: "",
    format: "unknown",
    ...(size === undefined ? {} : { size }),
    ...(modifiedAt === undefined ? {} : { modifiedAt, modifiedPrecision: "second" as const }),
  };
}

/** The type of what there is under that path; false if there is nothing. */
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

/** Is it a directory, or a link to one? */
export async function leadsToDirectory(
  sessions: FtpSessions,
  session: FtpSession,
  path: string,
  options: VerbOptions,
): Promise<boolean> {
  const type = await existsEntry(sessions, session, path, options);
  if (type !== "symlink") return type === "directory";
  return (await refusalToEnter(session, path, options)) === undefined;
}
