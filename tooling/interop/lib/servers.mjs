// All servers that run one program: started when they are first asked for, and shared.
import { spawnSync } from "node:child_process";
import { startDaemon } from "./daemon.mjs";
import { environmentOf, unpack } from "./debian.mjs";
import { Skipped } from "./skipped.mjs";
import { withoutCommands } from "./command-relay.mjs";

const defaults = { host: "127.0.0.1", tls: "none", writable: false, without: [], sessions: 200 };

/** Servers are those of one kind in one place; they all serve the same folder. */
export class Servers {
  #kind;
  #place;
  #root;
  #tree;
  #program;
  #env;
  #running = new Map();

  /** Throws Skipped where the program cannot be had, or does not run. */
  constructor(kind, place, root) {
    this.#kind = kind;
    this.#place = place;
    this.#root = root;
    const tree = unpack(kind.packages);
    this.#tree = tree;
    this.#program = kind.program(tree);
    this.#env = { ...environmentOf(tree), ...kind.environment?.(tree) };
    const { status, error, stderr } = spawnSync(this.#program, kind.trial, {
      env: this.#env,
      encoding: "utf8",
    });
    if (status !== 0) {
      throw new Skipped(
        `${kind.name} does not run here: ${error?.message ?? stderr.trim().split("\n").at(-1)}`,
      );
    }
  }

  /** One that is like that, for everybody who asks for the same; it runs to the end. */
  shared(wanted) {
    const key = JSON.stringify({ ...defaults, ...wanted });
    const server = this.#running.get(key) ?? this.start(wanted);
    this.#running.set(key, server);
    return server;
  }

  /**
   * Starts one that is like that: `without` the commands that it is to refuse, with so many `sessions` at most from
   * one address. Resolves to where it is and a way to end it.
   */
  async start(wanted) {
    const asked = { ...defaults, ...wanted, root: this.#root };
    const { host, without } = asked;
    const server = await startDaemon(host, (port) => ({
      program: this.#program,
      args: this.#kind.args({ ...asked, port }, { tree: this.#tree, env: this.#env, place: this.#place }),
      env: this.#env,
    }));
    return without.length > 0 && this.#kind.refusesNoCommands ? withoutCommands(server, without) : server;
  }
}
