// Mail servers: one program for each kind, several of them at the same time, all of which deliver into the same mailboxes.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { selfSigned } from "../../../packages/test-kit/dist/index.js";
import { startDaemon } from "./daemon.mjs";
import { unpack } from "./debian.mjs";
import { MailView } from "./mail-view.mjs";
import { Skipped } from "./skipped.mjs";

const defaults = { host: "127.0.0.1", tls: "none" };

/** MailServers are those of one kind: started when they are first asked for, and shared. */
class MailServers {
  #kind;
  #house;
  #view;
  #running = new Map();

  constructor(kind, house) {
    this.#kind = kind;
    this.#house = house;
    const { place } = house;
    this.#view = new MailView(unpack(kind.packages), place, {
      users: kind.users?.(place.account),
      hidden: kind.hidden,
    });
    const [trial, ...trialArgs] = kind.trial;
    const { program, args, env } = this.#view.command(trial, trialArgs);
    const { status, error, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
    if (status !== 0) {
      const reason = error?.message ?? stderr.trim().split("\n").at(-1);
      throw new Skipped(`${kind.name} does not run here: ${reason}`);
    }
  }

  /** One that is like that, for everybody who asks for the same; it runs to the end. */
  shared(wanted) {
    const key = JSON.stringify({ ...defaults, ...wanted });
    const server = this.#running.get(key) ?? this.start(wanted);
    this.#running.set(key, server);
    return server;
  }

  /** Starts one that is like that. Resolves to where it is, and a way to end it. */
  async start(wanted) {
    const asked = { ...defaults, ...wanted };
    const { place, mailboxes } = this.#house;
    const { users } = this.#view;
    const others = {};
    for (const [name, [kind, like]] of Object.entries(this.#kind.others?.(asked) ?? {})) {
      others[name] = await this.#house.servers(kind).shared(like);
    }
    const identity = asked.selfSigned ? this.#house.selfSigned : place.identity;
    let folder;
    const server = await startDaemon(asked.host, (port) => {
      // For each attempt a new one, where its users must get in.
      folder = mkdtempSync(join(place.folder, "mail-"));
      chmodSync(folder, 0o755);
      const context = { folder, users, place, mailboxes, others, identity };
      const args = this.#kind.args({ ...asked, port }, context);
      return this.#view.command(this.#kind.program, args);
    });
    return { ...server, folder };
  }
}

/** MailHouse has the servers of all kinds. */
export class MailHouse {
  #kinds;
  #servers = new Map();

  constructor(kinds, place, mailboxes) {
    this.#kinds = kinds;
    this.place = place;
    this.mailboxes = mailboxes;
    const { key, cert } = selfSigned();
    /** A certificate that nobody has reason to trust, and its key. */
    this.selfSigned = place.note("self-signed.pem", key + cert);
  }

  /** Those of that kind. Throws Skipped where the program cannot be had, or does not run. */
  servers(name) {
    const servers =
      this.#servers.get(name) ??
      new MailServers(
        this.#kinds.find((kind) => kind.name === name),
        this,
      );
    this.#servers.set(name, servers);
    return servers;
  }
}
