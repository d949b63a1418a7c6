// One run of one scenario with one mail server in one configuration.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SmtpClient, SmtpSession } from "../../../packages/smtp/dist/index.js";
import { checkSame, headerOf, inLines, inLocalLines } from "./mail-message.mjs";
import { Run } from "./run.mjs";

function sorted(messages) {
  return messages.toSorted((one, other) => one.compare(other));
}

/** MailRun has mailboxes of its own. */
export class MailRun extends Run {
  #house;

  constructor({ house, kind, configuration, signal }) {
    super({ folder: house.place.folder, signal });
    this.#house = house;
    this.kind = kind;
    this.configuration = configuration;
    this.place = house.place;
    this.password = house.mailboxes.password;
    /** Whose mailbox it is that we log in to, and who sends. */
    this.sender = this.mailbox();
  }

  /** A new mailbox. */
  mailbox(stem) {
    return this.#house.mailboxes.take(stem);
  }

  /** Does the server have that extension? */
  offers(name) {
    return this.configuration.offers.has(name);
  }

  /** Who we are; nothing if this server lets nobody log in. */
  get credentials() {
    if (this.configuration.login.length === 0) return {};
    return { user: this.sender.name, password: this.password };
  }

  #servers() {
    return this.#house.servers(this.configuration.server);
  }

  /** How to get there without logging in. */
  async options(options = {}, wanted = {}) {
    const server = await this.#servers().shared({ ...this.configuration.wanted, ...wanted });
    return this.#optionsFor(server, options);
  }

  #optionsFor({ host, port, folder }, { tlsOptions, ...options }) {
    const { protocol, tlsVersion, socket, wanted: usual } = this.configuration;
    const versions = tlsVersion && { minVersion: tlsVersion, maxVersion: tlsVersion };
    return {
      ...(socket === undefined ? { host, port } : { path: join(folder, socket) }),
      protocol,
      tls: usual.tls,
      ...(usual.tls === "none" ? {} : { tlsOptions: { ca: this.place.ca, ...versions, ...tlsOptions } }),
      trace: this.trace,
      signal: this.signal,
      ...options,
    };
  }

  /** A session that is ready for mail. */
  async session(options = {}, wanted = {}) {
    const session = await SmtpSession.connect(
      await this.options({ ...this.credentials, ...options }, wanted),
    );
    this.ending(() => session.close());
    await session.ehloOrHeloIfNeeded();
    return session;
  }

  /** A client. */
  async client(options = {}, wanted = {}) {
    const server = await this.#servers().shared({ ...this.configuration.wanted, ...wanted });
    return this.#connect(server, { ...this.credentials, ...options });
  }

  async #connect(server, options) {
    const client = await SmtpClient.connect(this.#optionsFor(server, options));
    this.ending(() => client.close());
    return client;
  }

  /** A client of a server that nobody else uses, and a way to end that. */
  async clientOfOwn() {
    const server = await this.#servers().start(this.configuration.wanted);
    this.ending(server.stop);
    return { client: await this.#connect(server, this.credentials), stop: server.stop };
  }

  /** What the server has written about us so far. */
  async serverLog() {
    const { folder } = await this.#servers().shared(this.configuration.wanted);
    return readFileSync(join(folder, this.kind.log), "utf8");
  }

  /** A message to that mailbox. */
  message(to, body = "one line\r\nand another\r\n", subject) {
    return headerOf({ from: this.sender.address, to: to.address, subject }) + body;
  }

  /**
   * Fails unless the mailbox gets these messages, and no others: as they were sent, or with the line ends that DATA
   * has to have.
   */
  async checkArrived(mailbox, messages, { asSent = false } = {}) {
    const arrived = await mailbox.contents(messages.length, this.signal);
    const expected = messages.map((message) => {
      const sent = asSent ? Buffer.from(message) : inLines(message);
      return this.kind.keepsLineEnds === true ? sent : inLocalLines(sent);
    });
    const all = sorted(arrived);
    for (const [at, message] of sorted(expected).entries()) checkSame(all[at], message);
  }
}
