// One run of one scenario with one server in one configuration.
import { deepStrictEqual } from "node:assert/strict";
import { chownSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { FtpClient, FtpSession } from "../../../packages/ftp/dist/index.js";
import { fromAfar } from "./command-relay.mjs";
import { Run } from "./run.mjs";

// The way to data connections that we would take first must be refused for these.
const instead = { PASV: "EPSV", PORT: "EPRT" };

/** MatrixRun has a directory of its own on the server, which it sees from both sides. */
export class MatrixRun extends Run {
  #place;
  #servers;

  constructor({ place, servers, root, kind, configuration, signal }) {
    super({ folder: place.folder, signal });
    this.#place = place;
    this.#servers = servers;
    this.kind = kind;
    this.configuration = configuration;
    /** The directory, as this machine sees it. */
    this.served = mkdtempSync(join(root, "run-"));
    this.endingWithout(this.served);
    this.giveAway("");
    /** The same, as the server says it. */
    this.directory = `/${basename(this.served)}`;
  }

  /** How many sessions may transfer at the same time. */
  get sessionsAtOnce() {
    return this.kind.forgetsSessions?.(this.configuration) === true ? 1 : 3;
  }

  get #wanted() {
    const { tls, data, host } = this.configuration;
    return { host, tls, writable: true, without: data in instead ? [instead[data]] : [] };
  }

  #optionsFor({ host, port }, options) {
    const { tls, version, data } = this.configuration;
    const { user, password } = this.#place.account;
    return {
      host,
      port,
      user,
      password,
      tls,
      tlsOptions: { ca: this.#place.ca, minVersion: version, maxVersion: version },
      active: data === "EPRT" || data === "PORT",
      directory: this.directory,
      trace: this.trace,
      signal: this.signal,
      ...options,
    };
  }

  /** A session that is logged in, in the directory. */
  async session(options = {}) {
    return this.#logIn(await this.#servers.shared(this.#wanted), options);
  }

  /** The same, over a distance where TLS does not hide the commands. */
  async sessionFromAfar() {
    const server = await this.#servers.shared(this.#wanted);
    if (this.configuration.tls !== "none") return this.#logIn(server);
    const relay = await fromAfar(server);
    this.ending(relay.stop);
    return this.#logIn(relay);
  }

  async #logIn(server, options = {}) {
    const session = await FtpSession.connect(this.#optionsFor(server, options));
    this.ending(() => session.close());
    return session;
  }

  /** A client, which is there, too. */
  async client(options = {}) {
    return this.#connect(await this.#servers.shared(this.#wanted), options);
  }

  /** A client of a server that lets us have only so many sessions. */
  async clientOfSmall(sessions, options) {
    const server = await this.#servers.start({ ...this.#wanted, sessions });
    this.ending(server.stop);
    return this.#connect(server, options);
  }

  async #connect(server, options) {
    const client = await FtpClient.connect(this.#optionsFor(server, options));
    this.ending(() => client.close());
    return client;
  }

  /** Makes that the account's, without which the server could do little with it. */
  giveAway(name) {
    const { uid, gid } = this.#place.account;
    chownSync(this.at(name), uid, gid);
  }

  /** A file on the server. */
  at(name) {
    return join(this.served, name);
  }

  /** What the server has under that name. */
  content(name) {
    return readFileSync(this.at(name));
  }

  /** Fails unless the server has these names, and no others. */
  checkNames(names, directory = "") {
    deepStrictEqual(readdirSync(this.at(directory)).toSorted(), names.toSorted());
  }
}
