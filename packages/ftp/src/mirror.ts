// Making one directory tree like another.
import { anySignal, ArgumentError, assertArgument } from "@netcli/core-transport";
import { Copies } from "./copies.ts";
import { LocalSide } from "./local-side.ts";
import type { MirrorOptions, MirrorResult } from "./mirror-options.ts";
import { Mirroring } from "./mirroring.ts";
import { RemoteSide } from "./remote-side.ts";
import type { FtpSessions } from "./sessions.ts";

/** Makes one tree like the other; see FtpClient. */
export async function mirrorTree(sessions: FtpSessions, options: MirrorOptions): Promise<MirrorResult> {
  const { direction, remote, local, compare = "size-time", symlinks = "skip", concurrency } = options;
  assertOneOf("direction", direction, ["download", "upload"]);
  assertOneOf("compare", compare, ["size-time", "size", "hash", "always"]);
  assertOneOf("symlinks", symlinks, ["skip", "follow"]);
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new ArgumentError(`concurrency must be a whole number above 0, not ${concurrency}`);
  }
  assertArgument("the remote directory", remote);
  const stop = new AbortController();
  const signal = anySignal(stop.signal, options.signal, sessions.closed);
  const stoppable = { ...options, signal };
  const follows = symlinks === "follow";
  const here = new LocalSide(local, follows && direction === "upload");
  const there = new RemoteSide(sessions, remote, follows && direction === "download", stoppable);
  const [from, to] = direction === "download" ? [there, here] : [here, there];
  const copies = new Copies(sessions, here, there, stoppable);
  return new Mirroring(from, to, copies, stoppable, { parallel: sessions.parallel, stop }).run();
}

function assertOneOf(name: string, value: string, values: readonly string[]): void {
  if (!values.includes(value))
    throw new ArgumentError(`${name} must be one of ${values.join(", ")}, not "${value}"`);
}
