// The files that are sent along.
import type { ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { ExitCode, InputError } from "./exit-code.ts";

/** A file that was opened. */
export interface Attachment {
  readonly name: string;
  readonly content: ReadStream;
  readonly bytes: number;
}

/** Opens them all, before anybody waits for them. Rejects with InputError. */
export function openAttachments(paths: readonly string[]): Promise<Attachment[]> {
  return Promise.all(paths.map((path) => openAttachment(path)));
}

async function openAttachment(path: string): Promise<Attachment> {
  try {
    const file = await open(path);
    const stats = await file.stat();
    if (stats.isDirectory()) throw new Error(`"${path}" is a directory`);
    return { name: basename(path), content: file.createReadStream(), bytes: stats.size };
  } catch (error) {
    throw new InputError(`cannot attach the file: ${(error as Error).message}`, ExitCode.unreadable);
  }
}

/** Closes them, whether they were sent or not. */
export function closeAttachments(attachments: readonly Attachment[]): void {
  for (const { content } of attachments) content.destroy();
}
