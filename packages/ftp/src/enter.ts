// Entering a directory to see whether it is one.
import { ReplyError, type VerbOptions } from "@netcli/core-transport";
import type { FtpSession } from "./session.ts";

/**
 * Enters a directory and comes back. Resolves to what the server says against it. The session needs to be lent to
 * nobody else meanwhile.
 */
export async function refusalToEnter(
  session: FtpSession,
  path: string,
  options: VerbOptions,
): Promise<ReplyError | undefined> {
  const home = await session.pwd(options);
  try {
    await session.cwd(path, options);
  } catch (error) {
    if (error instanceof ReplyError) return error;
    throw error;
  }
  // Whoever gets the session next relies on where it is.
  await session.cwd(home, options).catch(() => session.close());
  options.signal?.throwIfAborted();
  return undefined;
}
