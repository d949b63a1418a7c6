// What the server says about a file without moving it.
import { ReplyError, type VerbOptions } from "@netcli/core-transport";
import { versionOf } from "./part-file.ts";
import type { FtpSession } from "./session.ts";

/** Size in bytes and time of the last change; undefined where the server does not tell. */
export interface FileFacts {
  readonly size: number | undefined;
  readonly modifiedAt: Date | undefined;
}

/** Asks for them, in one round trip. */
export async function factsOf(session: FtpSession, path: string, options: VerbOptions): Promise<FileFacts> {
  const [size, modifiedAt] = (await unlessRefused(session.facts(path, options))) ?? [];
  return { size, modifiedAt };
}

/** Undefined where the server refuses: it lacks the verb, or has no such file, and says so again and better to others. */
export async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}

/** The version of a file; undefined if it can't be told from another one. */
export function versionFrom(path: string, { size, modifiedAt }: FileFacts): string | undefined {
  return size === undefined || modifiedAt === undefined ? undefined : versionOf(path, size, modifiedAt);
}
