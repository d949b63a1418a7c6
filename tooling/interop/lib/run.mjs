// One run of one scenario: what it uses, what it says, and the end of both.
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { oneByteRelay } from "../../../packages/test-kit/dist/index.js";
import { ftpDownload } from "./program.mjs";
import { startVsftpd } from "./vsftpd.mjs";

const loopback = "127.0.0.1";

/** Run is what a scenario is given. */
export class Run {
  #endings = [];
  #place;
  /** What was said so far, for people to read if the scenario fails. */
  lines = [];

  constructor({ place, account, signal }) {
    this.#place = place;
    this.account = account;
    this.signal = signal;
    this.ca = place.ca;
    this.folder = mkdtempSync(join(place.folder, "saved-"));
    this.#endings.push(() => rmSync(this.folder, { recursive: true }));
  }

  log = (line) => void this.lines.push(line);

  /** For the option `trace` of a client. */
  trace = ({ connection, kind, text }) => this.log(`${connection} ${kind} ${text}`);

  /** Starts a server for this run. */
  async server({ host = loopback, ...settings } = {}) {
    const server = await startVsftpd(this.#place, host, settings);
    this.#endings.push(server.stop);
    return server;
  }

  /** Starts a relay that passes the replies of that server on one byte per packet. */
  async relay({ host, port }) {
    const relay = await oneByteRelay(host, port);
    this.#endings.push(() => relay.close());
    return relay;
  }

  /** Runs the program; resolves to its exit code. */
  download(...args) {
    return ftpDownload(args, { log: this.log, signal: this.signal });
  }

  /** The same with this password, trusting the server's certificate. */
  downloadAs(password, ...args) {
    return ftpDownload(args, { log: this.log, signal: this.signal, password, ca: this.#place.caFile });
  }

  /** Where to save something. */
  path(name) {
    return join(this.folder, name);
  }

  /** Fails unless that file was saved byte for byte, and nothing else. */
  checkSaved(name, served = name) {
    deepStrictEqual(readdirSync(this.folder), [name]);
    const content = this.#place.files.get(served);
    ok(content.equals(readFileSync(this.path(name))), `${name} is not what the server has`);
    rmSync(this.path(name));
  }

  /** Fails if anything was saved. */
  checkNothingSaved() {
    deepStrictEqual(readdirSync(this.folder), []);
  }

  /** Fails unless one of the lines is as the pattern says. */
  checkSaid(pattern) {
    ok(
      this.lines.some((line) => pattern.test(line)),
      `nobody said ${pattern}`,
    );
  }

  checkCode(code, expected) {
    strictEqual(code, expected, `the exit code is ${code} instead of ${expected}`);
  }

  async end() {
    for (const end of this.#endings.toReversed()) await end();
  }
}
