// What has come of everything that was asked for, for the last lines and the exit code.
import { count, formatBytes, formatElapsed } from "@netcli/command-line";
import { ExitCode } from "./exit-code.ts";

interface FailedFile {
  /** The place on the command line of the URL that it belongs to. */
  readonly place: number;
  readonly name: string;
  readonly code: ExitCode;
}

/** Tally counts. */
export class Tally {
  #started = Date.now();
  readonly #failed: FailedFile[] = [];
  /** Files that were kept in part: their names, and the bytes that are there. */
  readonly kept: Map<string, number> = new Map();
  saved = 0;
  /** Bytes that came, without those that were there before. */
  bytes = 0;
  unchanged = 0;
  skipped = 0;

  /** Time counts from now on. */
  begin(): void {
    this.#started = Date.now();
  }

  fail(place: number, name: string, code: ExitCode): void {
    this.#failed.push({ place, name, code });
  }

  /** Of the first URL that failed. */
  get exitCode(): ExitCode {
    const [first] = this.#failed.toSorted((one, other) => one.place - other.place);
    return first?.code ?? ExitCode.saved;
  }

  /** "saved 5 files, 12.3 MiB in 3.0 s (4.1 MiB/s); 1 unchanged; 2 failed:", and their names. */
  summary(): string[] {
    const milliseconds = Math.max(Date.now() - this.#started, 1);
    const speed = formatBytes((this.bytes / milliseconds) * 1_000);
    const facts = [
      `saved ${count(this.saved, "file")}, ${formatBytes(this.bytes)} in ${formatElapsed(milliseconds / 1_000)} (${speed}/s)`,
    ];
    if (this.unchanged > 0) facts.push(`${this.unchanged} unchanged`);
    if (this.skipped > 0) facts.push(`${this.skipped} skipped`);
    if (this.#failed.length === 0) return [facts.join("; ")];
    const failed = this.#failed.toSorted((one, other) => one.place - other.place);
    return [`${facts.join("; ")}; ${failed.length} failed:`, ...failed.map(({ name }) => `  ${name}`)];
  }

  /** What to say when all was broken off; without `resume` nothing will go on. */
  interruption(isOfOneFile: boolean, resume: boolean): string {
    const places = [...this.kept].map(([name, bytes]) =>
      isOfOneFile ? formatBytes(bytes) : `${formatBytes(bytes)} of ${name}`,
    );
    const where = places.length === 0 ? "" : ` at ${places.join(", ")}`;
    if (isOfOneFile) {
      return where === ""
        ? "interrupted; nothing was saved"
        : `interrupted; the same command will go on${where}`;
    }
    const saved = `interrupted; ${count(this.saved, "file")} saved`;
    return resume ? `${saved}; the same command will go on${where}` : saved;
  }
}
