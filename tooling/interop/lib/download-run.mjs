// One run of one scenario of downloads from vsftpd, by a program or a client.
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { oneByteRelay } from "../../../packages/test-kit/dist/index.js";
import { ftpDownload } from "./program.mjs";
import { Run } from "./run.mjs";

/** DownloadRun knows what is served. */
export class DownloadRun extends Run {
  #servers;
  #files;
  #caFile;

  constructor({ place, servers, files, signal }) {
    super({ folder: place.folder, signal });
    this.#servers = servers;
    this.#files = files;
    this.#caFile = place.caFile;
    this.account = place.account;
    this.ca = place.ca;
  }

  /** A server on which everybody sees the files and can change nothing; users need TLS. */
  server(wanted = {}) {
    return this.#servers.shared({ tls: "starttls", ...wanted });
  }

  /** Starts a relay that passes the replies of that server on one byte per packet. */
  async relay({ host, port }) {
    const relay = await oneByteRelay(host, port);
    this.ending(() => relay.close());
    return relay;
  }

  /** Runs the program; resolves to its exit code. */
  download(...args) {
    return ftpDownload(args, { log: this.log, signal: this.signal });
  }

  /** The same with this password, trusting the server's certificate. */
  downloadAs(password, ...args) {
    return ftpDownload(args, { log: this.log, signal: this.signal, password, ca: this.#caFile });
  }

  /** Fails unless that file was saved byte for byte, and nothing else. */
  checkSaved(name, served = name) {
    deepStrictEqual(readdirSync(this.folder), [name]);
    const content = this.#files.get(served);
    ok(content.equals(readFileSync(this.path(name))), `${name} is not what the server has`);
    rmSync(this.path(name));
  }

  /** Fails if anything was saved. */
  checkNothingSaved() {
    deepStrictEqual(readdirSync(this.folder), []);
  }

  checkCode(code, expected) {
    strictEqual(code, expected, `the exit code is ${code} instead of ${expected}`);
  }
}
