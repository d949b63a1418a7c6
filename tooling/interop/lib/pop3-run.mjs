// One run of one scenario with one POP3 server in one configuration.
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Pop3Client, Pop3Session } from "../../../packages/pop3/dist/index.js";
import { checkSame, headerOf, inLines, inLocalLines } from "./mail-message.mjs";
import { cuttingRelay } from "./pop3-relay.mjs";
import { Run } from "./run.mjs";

const sender = "sender@netcli.test";

/** Pop3Run has a maildrop of its own. */
export class Pop3Run extends Run {
  #house;

  constructor({ house, kind, configuration, signal }) {
    super({ folder: house.place.folder, signal });
    this.#house = house;
    this.kind = kind;
    this.configuration = configuration;
    this.place = house.place;
    this.maildrop = kind.maildrop?.(house.place) ?? house.mailboxes.take();
  }

  /** Who we are. */
  get credentials() {
    const { name, password } = this.maildrop;
    return { user: name, password };
  }

  /** Does the server have that capability? */
  offers(name) {
    return this.configuration.offers.has(name);
  }

  /** Puts messages with these bodies into the maildrop; what must come for them. */
  stock(bodies) {
    const messages = bodies.map((body, at) => this.message(body, `number ${at}`));
    this.maildrop.put(messages.map((message) => inLocalLines(message)));
    return messages;
  }

  /** A message, in lines. */
  message(body, subject) {
    const header = headerOf({ from: sender, to: this.maildrop.address, subject });
    return inLines(Buffer.concat([Buffer.from(header), Buffer.from(body)]));
  }

  /** Fails unless these messages are in the maildrop, and no others. */
  checkLeft(messages) {
    const left = this.maildrop.messages();
    strictEqual(
      left.length,
      messages.length,
      `${left.length} messages are left instead of ${messages.length}`,
    );
    for (const [at, message] of messages.entries()) checkSame(left[at], inLocalLines(message));
  }

  /** Fails unless these came, in this order. */
  checkCame(came, messages) {
    strictEqual(came.length, messages.length, `${came.length} messages came instead of ${messages.length}`);
    for (const [at, message] of messages.entries()) checkSame(Buffer.from(came[at]), message);
  }

  #server(wanted) {
    return this.#house.servers(this.kind.name).shared({ ...this.configuration.wanted, ...wanted });
  }

  /** A server that delivers into the maildrops. */
  deliverer(name, wanted) {
    return this.#house.servers(name).shared(wanted);
  }

  /** What the server has written so far. */
  async serverLog() {
    const { folder } = await this.#server();
    return readFileSync(join(folder, this.kind.log), "utf8");
  }

  /** How to get there without logging in. */
  async options(options = {}, wanted = {}) {
    return this.#optionsFor(await this.#server(wanted), options);
  }

  #optionsFor({ host, port }, { tlsOptions, ...options }) {
    const { tlsVersion, wanted } = this.configuration;
    const versions = tlsVersion && { minVersion: tlsVersion, maxVersion: tlsVersion };
    const { tls } = wanted;
    return {
      host,
      port,
      tls,
      ...(tls === "none" ? {} : { tlsOptions: { ca: this.place.ca, ...versions, ...tlsOptions } }),
      trace: this.trace,
      signal: this.signal,
      ...options,
    };
  }

  /** A session whose maildrop is open. */
  async session(options = {}, wanted = {}) {
    const all = await this.options({ ...this.credentials, ...options }, wanted);
    return this.#watched(await Pop3Session.connect(all));
  }

  /** A session with the greeting, and no more. */
  async greeted(options = {}) {
    return this.#watched(await Pop3Session.connect(await this.options(options)));
  }

  /** A client. */
  async client(options = {}) {
    return this.#watched(await Pop3Client.connect(await this.options({ ...this.credentials, ...options })));
  }

  /** A client whose connections are cut. */
  async clientOfRelay(cuts, options = {}) {
    const relay = await cuttingRelay(await this.#server(), cuts);
    this.ending(relay.stop);
    const { credentials } = this;
    return this.#watched(await Pop3Client.connect(this.#optionsFor(relay, { ...credentials, ...options })));
  }

  #watched(ours) {
    this.ending(() => ours.close());
    return ours;
  }

  /** Fails unless quitting has deleted so many messages, and kept none. */
  async checkQuit(client, count) {
    const { deleted, kept, error } = await client.quit();
    deepStrictEqual({ count: deleted.length, kept, error }, { count, kept: [], error: undefined });
  }
}
