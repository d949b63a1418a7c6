// One run of one scenario: where it puts things, what it says, and the end of all that it uses.
import { ok, strictEqual } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Run is what a scenario is given, whatever it is about. */
export class Run {
  #endings = [];
  /** What was said so far, for people to read if the scenario fails. */
  lines = [];

  constructor({ folder, signal }) {
    this.signal = signal;
    this.folder = mkdtempSync(join(folder, "run-"));
    this.endingWithout(this.folder);
  }

  log = (line) => void this.lines.push(line);

  /** For the option `trace` of a client. */
  trace = ({ connection, kind, text }) => this.log(`${connection} ${kind} ${text}`);

  /** Where to put something. */
  path(name) {
    return join(this.folder, name);
  }

  /** Fails unless one of the lines is as the pattern says. */
  checkSaid(pattern) {
    ok(
      this.lines.some((line) => pattern.test(line)),
      `nobody said ${pattern}`,
    );
  }

  /** How often we have sent a line like that. */
  sent(pattern) {
    return this.lines.filter(
      (line) => /^\d+ sent /.test(line) && pattern.test(line.replace(/^\d+ sent /, "")),
    ).length;
  }

  checkSent(pattern, times) {
    const count = this.sent(pattern);
    strictEqual(count, times, `${pattern} was sent ${count} times instead of ${times}`);
  }

  /** Remembers how to end something. */
  ending(end) {
    this.#endings.push(end);
  }

  /** Removes a folder at the end. What keeps it, as when someone still writes there, leaves that to the end of all. */
  endingWithout(folder) {
    this.ending(() => {
      try {
        rmSync(folder, { recursive: true, force: true });
      } catch (error) {
        this.log(`${folder} could not be removed: ${error.message}`);
      }
    });
  }

  async end() {
    for (const end of this.#endings.toReversed()) await end();
  }
}
