// The files of a mirror: which of them are the same on both sides, and copying those that are not.
import { open } from "node:fs/promises";
import { FileDownload } from "./download.ts";
import type { TransferProgress } from "./progress.ts";
import type { LocalSide } from "./local-side.ts";
import type { TimePrecision } from "./listing/entry.ts";
import type { MirrorOptions } from "./mirror-options.ts";
import type { RemoteSide } from "./remote-side.ts";
import type { FtpSessions } from "./sessions.ts";
import type { Node } from "./side.ts";
import { FileUpload } from "./upload.ts";
import { hashFor, hashOf } from "./verify.ts";

// Up to this size files share sessions: a longer one would keep those behind it from an idle session.
const SHORT_BYTES = 262_144;

// By how many milliseconds two times may differ that were told to that precision. FAT has every other second only.
const TOLERANCE: Readonly<Record<TimePrecision, number>> = {
  millisecond: 2_000,
  second: 2_000,
  minute: 60_000,
  day: 86_400_000,
};

/** Copies does what one call of `mirror` does with files. */
export class Copies {
  readonly #sessions: FtpSessions;
  readonly #here: LocalSide;
  readonly #there: RemoteSide;
  readonly #options: MirrorOptions;

  constructor(sessions: FtpSessions, here: LocalSide, there: RemoteSide, options: MirrorOptions) {
    this.#sessions = sessions;
    this.#here = here;
    this.#there = there;
    this.#options = options;
  }

  /** Does the target need no copy? */
  async isSame(path: string, source: Node, target: Node): Promise<boolean> {
    const { compare = "size-time" } = this.#options;
    if (compare === "always") return false;
    if (source.size !== undefined && target.size !== undefined && source.size !== target.size) return false;
    if (compare === "hash") return this.#hasSameHash(path);
    if (compare === "size" || isAsNew(source, target)) return true;
    // Listings for people leave it open which of a server's clocks they are in: that of summer, or of winter.
    const isDownload = this.#options.direction === "download";
    const there = isDownload ? source : target;
    if (!isListed(there)) return false;
    const { modifiedAt } = await this.#there.facts(path);
    if (modifiedAt === undefined) return false;
    const asked: Node = { ...there, modifiedAt, precision: "second" };
    return isDownload ? isAsNew(asked, target) : isAsNew(source, asked);
  }

  async #hasSameHash(path: string): Promise<boolean> {
    const { signal } = this.#options;
    const file = await open(this.#here.at(path));
    try {
      const there = await this.#sessions.attempt(
        async (session) => {
          const algorithm = hashFor(true, await this.#sessions.features(session, { signal }));
          return session.hash(this.#there.at(path), algorithm, { signal });
        },
        { signal },
      );
      return (await hashOf(file, there.algorithm)) === there.value;
    } finally {
      await file.close();
    }
  }

  /** Copies a file. Resolves to its bytes. */
  async copy(path: string, node: Node, onProgress: (progress: TransferProgress) => void): Promise<number> {
    const { direction, resume, preserveTime, verify, signal } = this.#options;
    const options = { resume, preserveTime, verify, signal, onProgress };
    const { size, modifiedAt } = node;
    const isShared = size !== undefined && size <= SHORT_BYTES;
    const sessions = this.#sessions;
    const [here, there] = [this.#here.at(path), this.#there.at(path)];
    if (direction === "upload")
      return (await new FileUpload(sessions, here, there, options, isShared).run()).bytes;
    // A listing for people tells sizes now and then in other units.
    const facts = isListed(node) ? undefined : { size, modifiedAt };
    return (await new FileDownload(sessions, there, here, options, { facts, isShared }).run()).bytes;
  }
}

/** Is it from a listing for people? */
function isListed({ precision }: Node): boolean {
  return precision === "minute" || precision === "day";
}

// As far as can be told.
function isAsNew(source: Node, target: Node): boolean {
  if (source.modifiedAt === undefined || target.modifiedAt === undefined) return true;
  const tolerance = Math.max(TOLERANCE[source.precision], TOLERANCE[target.precision]);
  return target.modifiedAt.getTime() >= source.modifiedAt.getTime() - tolerance;
}
