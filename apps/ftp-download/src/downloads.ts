// Everything that was asked for, so much of it at the same time; one failure does not stop the others.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { dialogueLine, formatBytes } from "@netcli/command-line";
import type { TraceEvent } from "@netcli/core-transport";
import type { FtpClient } from "@netcli/ftp";
import { type Account, accountsOf } from "./account.ts";
import type { Job } from "./arguments.ts";
import { downloadDirectory } from "./download-directory.ts";
import { downloadFile } from "./download-file.ts";
import { describeFailure, ExitCode, MissingError } from "./exit-code.ts";
import { keptBytes } from "./kept-part.ts";
import type { Run } from "./run.ts";
import type { Target } from "./target.ts";

// After these failures the same command may go on where it was.
const PASSING: ReadonlySet<ExitCode> = new Set([ExitCode.broken, ExitCode.unwritable]);

/** Downloads does the jobs of a run, and says what came of them. */
export class Downloads {
  readonly #run: Run;
  readonly #accounts: ReadonlyMap<Target, Account>;
  readonly #different: readonly Account[];
  #isInterrupted = false;

  constructor(run: Run) {
    this.#run = run;
    this.#accounts = accountsOf(run.settings.jobs.map(({ target }) => target));
    this.#different = [...new Set(this.#accounts.values())];
  }

  /** Resolves to the exit code. */
  async finish(): Promise<ExitCode> {
    const { settings, signal, tally } = this.#run;
    // No server has to agree to an end.
    signal.addEventListener("abort", () => void this.#end(true), { once: true });
    try {
      // Before there is anything that the prompts could get in the way of.
      for (const account of this.#different) await account.prepare(signal);
      tally.begin();
      const waiting = settings.jobs.entries();
      const workers = settings.recursive ? 1 : settings.connections;
      await Promise.all(Array.from({ length: workers }, () => this.#work(waiting)));
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#isInterrupted = true;
    } finally {
      await this.#end(signal.aborted);
    }
    if (this.#isInterrupted) {
      this.#run.complain(tally.interruption(!this.#run.isOfMany, settings.resume));
      return ExitCode.interrupted;
    }
    if (this.#run.isOfMany) for (const line of tally.summary()) this.#run.note(line);
    return tally.exitCode;
  }

  async #end(atOnce: boolean): Promise<void> {
    await Promise.all(this.#different.map((account) => account.end(atOnce)));
  }

  /** Takes one job after the other, which others take from, too. */
  async #work(waiting: Iterable<[place: number, job: Job]>): Promise<void> {
    const { settings, signal } = this.#run;
    for (const [place, job] of waiting) {
      let isLoggedIn = false;
      try {
        signal.throwIfAborted();
        const account = this.#accounts.get(job.target) as Account;
        const trace = settings.verbose ? (event: TraceEvent): void => this.#showDialogue(event) : undefined;
        const client = await account.client(settings, trace, signal);
        isLoggedIn = true;
        await this.#do(client, job, place);
      } catch (error) {
        if (signal.aborted) this.#isInterrupted = true;
        else await this.#fail(error, job, place, isLoggedIn);
      }
    }
  }

  async #do(client: FtpClient, job: Job, place: number): Promise<void> {
    const { settings, signal } = this.#run;
    const { target } = job;
    const isDirectory =
      target.isDirectory || (settings.recursive && (await isDirectoryThere(client, target, signal)));
    if (settings.directory !== undefined) await mkdir(settings.directory, { recursive: true });
    if (!isDirectory) return downloadFile(client, job, this.#run);
    for (const { path, error } of await downloadDirectory(client, job, this.#run)) {
      const url = `${target.url.replace(/\/*$/, "/")}${path}`;
      await this.#fail(
        error,
        { target: { ...target, url, path }, local: join(job.local, path) },
        place,
        true,
      );
    }
  }

  async #fail(error: unknown, { target, local }: Job, place: number, isLoggedIn: boolean): Promise<void> {
    const { settings, tally, isOfMany } = this.#run;
    const { code, text } = describeFailure(error, { ...target, isLoggedIn });
    const kept = settings.resume && PASSING.has(code) ? await keptBytes(local) : undefined;
    const outlook = kept === undefined ? "" : `; the same command will go on at ${formatBytes(kept)}`;
    tally.fail(place, target.url, code);
    this.#run.complain(`${isOfMany ? `${target.url}: ` : ""}${text}${outlook}`);
  }

  #showDialogue(event: TraceEvent): void {
    const isSeveral = this.#run.settings.connections > 1 || this.#different.length > 1;
    this.#run.bars.say(`${isSeveral ? `[${event.connection}] ` : ""}${dialogueLine(event)}`);
  }
}

async function isDirectoryThere(client: FtpClient, { path }: Target, signal: AbortSignal): Promise<boolean> {
  const type = await client.exists(path, { signal });
  if (type === false) throw new MissingError(`there is no "${path}" on the server`, ExitCode.noDirectory);
  return type === "directory";
}
