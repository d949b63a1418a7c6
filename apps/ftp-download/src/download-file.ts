// Downloads one file.
import { stat } from "node:fs/promises";
import { NetcliError, ReplyError } from "@netcli/core-transport";
import type { FtpClient } from "@netcli/ftp";
import type { Job } from "./arguments.ts";
import { ExitCode, MissingError } from "./exit-code.ts";
import { keptBytes } from "./kept-part.ts";
import type { Run } from "./run.ts";

// Servers tell whole seconds; some file systems know only every other one.
const TOLERANCE_MILLISECONDS = 2_000;

/** Rejects with what went wrong, as the client says it or better. */
export async function downloadFile(client: FtpClient, { target, local }: Job, run: Run): Promise<void> {
  const { settings, signal, bars, tally } = run;
  const { resume, segments, verify } = settings;
  const { path, name } = target;
  if (resume && !verify && (await isHere(client, path, local, signal))) {
    tally.unchanged += 1;
    run.note(`unchanged ${local}`);
    return;
  }
  const bar = bars.add(name);
  const started = Date.now();
  try {
    const { bytes, resumedFrom } = await client.download(path, local, {
      onProgress: (progress) => bar.update(progress.bytes, progress.total),
      signal,
      resume,
      segments,
      verify,
    });
    bar.end();
    tally.bytes += bytes - resumedFrom;
    run.saved(local, { bytes, resumedFrom, milliseconds: Date.now() - started });
  } catch (error) {
    const kept = resume ? await keptBytes(local) : undefined;
    if (kept !== undefined) tally.kept.set(name, kept);
    throw error instanceof ReplyError && error.command.startsWith("RETR ")
      ? await diagnose(client, path, error, signal)
      : error;
  } finally {
    bar.end();
  }
}

/** Is a file with that size and time here already? Only if the server tells both. */
async function isHere(client: FtpClient, path: string, local: string, signal: AbortSignal): Promise<boolean> {
  const here = await stat(local).catch(() => undefined);
  if (here?.isFile() !== true) return false;
  try {
    const [size, modifiedAt] = await client.use(
      (session) => Promise.all([session.size(path, { signal }), session.mdtm(path, { signal })]),
      { signal },
    );
    if (size !== here.size || modifiedAt === undefined) return false;
    return Math.abs(modifiedAt.getTime() - here.mtimeMs) < TOLERANCE_MILLISECONDS;
  } catch (error) {
    // Asking for the file itself tells why.
    if (error instanceof NetcliError) return false;
    throw error;
  }
}

/** Why the server refuses to send that: it may be a directory, or in none. */
async function diagnose(
  client: FtpClient,
  path: string,
  refusal: ReplyError,
  signal: AbortSignal,
): Promise<Error> {
  const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
  try {
    if ((await client.exists(path, { signal })) === "directory") {
      const text = `"${path}" is a directory; with -r it is downloaded with all that is in it`;
      return new MissingError(text, ExitCode.unreadable);
    }
    if (parent !== "" && (await client.exists(parent, { signal })) === false) {
      return new MissingError(`no such directory "${parent}": ${refusal.reply.text}`, ExitCode.noDirectory);
    }
  } catch (error) {
    if (!(error instanceof NetcliError)) throw error;
  }
  return refusal;
}
