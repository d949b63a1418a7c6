// Removing a directory tree of the server.
import { ArgumentError, assertArgument, ReplyError } from "@netcli/core-transport";
import type { VerbOptions } from "./control.ts";
import { forEach } from "./crew.ts";
import { existsEntry, listDirectory } from "./directory.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { below, isRemoteName, levelsOf } from "./path.ts";
import type { FtpSessions } from "./sessions.ts";

/**
 * Removes a directory and all in it; links are removed, not followed. What can't be removed keeps nothing else from
 * being. Rejects then with the first ReplyError.
 */
export async function removeDirectory(
  sessions: FtpSessions,
  root: string,
  { signal }: VerbOptions,
): Promise<void> {
  assertArgument("the directory", root);
  if (levelsOf(root).length === 0 || root.split("/").includes("..")) {
    throw new ArgumentError(`"${root}" is no directory below another one`);
  }
  const directories: string[] = [];
  let refusal: unknown;
  const refused = (error: unknown): void => {
    if (!(error instanceof ReplyError)) throw error;
    refusal ??= error;
  };
  const enter = async (path: string): Promise<FtpEntry[]> => {
    const listing = listDirectory(sessions, path, { signal }, true);
    if (path === root) return listing;
    return listing.catch((error: unknown) => {
      refused(error);
      return [];
    });
  };
  for (let level = [root]; level.length > 0;) {
    directories.push(...level);
    const next: string[] = [];
    await forEach(level, sessions.parallel, async (path) => {
      const entries = (await enter(path)).filter(isKnown);
      const isDirectory = ({ type }: FtpEntry): boolean => type === "directory";
      for (const { name } of entries.filter(isDirectory)) next.push(below(path, name));
      const files = entries.filter((entry) => !isDirectory(entry));
      await sessions.attempt(
        async (session) => {
          await Promise.all(
            files.map(({ name }) => session.delete(below(path, name), { signal }).catch(refused)),
          );
        },
        { signal, isShared: true },
      );
    });
    level = next;
  }
  await sessions.attempt(
    async (session) => {
      // Those below others come first; the root is the last one.
      const inner = directories.slice(1).toReversed();
      await Promise.all(inner.map((path) => session.rmd(path, { signal }).catch(refused)));
      const isGone = await session.rmd(root, { signal }).then(
        () => true,
        async (error: unknown) => {
          refused(error);
          return (await existsEntry(sessions, session, root, { signal })) === false;
        },
      );
      // What was done before a connection broke is refused when it is done again.
      if (isGone) refusal = undefined;
    },
    { signal },
  );
  if (refusal !== undefined) throw refusal;
}

function isKnown({ name, isDoubtful }: FtpEntry): boolean {
  return isRemoteName(name) && isDoubtful !== true;
}
