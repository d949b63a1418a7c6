// Downloads a directory with all that is in it.
import { join } from "node:path";
import type { ProgressBar } from "@netcli/command-line";
import type { FtpClient, MirrorResult } from "@netcli/ftp";
import type { Job } from "./arguments.ts";
import { keptBytes } from "./kept-part.ts";
import type { Run } from "./run.ts";

interface Transfer {
  readonly bar: ProgressBar;
  readonly started: number;
}

/** Resolves to what failed; rejects if the directory itself can't be read or made, or with the signal's reason. */
export async function downloadDirectory(
  client: FtpClient,
  { target, local }: Job,
  run: Run,
): Promise<MirrorResult["failed"]> {
  const { settings, signal, bars, tally } = run;
  const transfers = new Map<string, Transfer>();
  const start = (path: string): Transfer => {
    const transfer = { bar: bars.add(path.slice(path.lastIndexOf("/") + 1)), started: Date.now() };
    transfers.set(path, transfer);
    return transfer;
  };
  try {
    const { failed, skipped, unchanged, bytes } = await client.mirror({
      direction: "download",
      remote: target.path,
      local,
      compare: settings.verify ? "hash" : settings.resume ? "size-time" : "always",
      resume: settings.resume,
      verify: settings.verify,
      signal,
      onProgress: ({ path, bytes: there, total, done, error }) => {
        const transfer = transfers.get(path) ?? start(path);
        transfer.bar.update(there, total);
        if (!done) return;
        transfer.bar.end();
        if (error !== undefined) return;
        transfers.delete(path);
        run.saved(join(local, path), { bytes: there, milliseconds: Date.now() - transfer.started });
      },
    });
    tally.bytes += bytes;
    tally.unchanged += unchanged;
    tally.skipped += skipped.length;
    for (const { path, reason } of skipped) run.complain(`skipped "${path}" in ${target.url}: ${reason}`);
    return failed;
  } catch (error) {
    for (const path of transfers.keys()) {
      const kept = settings.resume ? await keptBytes(join(local, path)) : undefined;
      if (kept !== undefined) tally.kept.set(path, kept);
    }
    throw error;
  } finally {
    for (const { bar } of transfers.values()) bar.end();
  }
}
