// Making directories of the server that may be there already.
import { assertArgument, ReplyError, type VerbOptions } from "@netcli/core-transport";
import { levelsOf } from "./path.ts";
import type { FtpSessions } from "./sessions.ts";
import { leadsToDirectory } from "./stat.ts";

/** Makes a directory and all above it that are not there, in one round trip. */
export async function ensureDirectory(
  sessions: FtpSessions,
  path: string,
  { signal }: VerbOptions,
): Promise<void> {
  assertArgument("the directory", path);
  const refused = await sessions.attempt(
    async (session) => {
      const made = await Promise.allSettled(levelsOf(path).map((level) => session.mkd(level, { signal })));
      const last = made.at(-1);
      if (last?.status !== "rejected") return undefined;
      if (last.reason instanceof ReplyError) return last.reason;
      throw last.reason;
    },
    { signal },
  );
  if (refused === undefined) return;
  // What is there already is refused, too.
  const isThere = await sessions.attempt((session) => leadsToDirectory(sessions, session, path, { signal }), {
    signal,
  });
  if (!isThere) throw refused;
}
