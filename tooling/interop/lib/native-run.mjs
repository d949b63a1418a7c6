// One run of one scenario of our packages beside a native one: what it uses, what it says, and the end of both.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Skipped } from "./skipped.mjs";

/** NativeRun is what a scenario is given. */
export class NativeRun {
  #endings = [];
  #require;
  /** What was said so far, for people to read if the scenario fails. */
  lines = [];

  constructor({ folder, signal }) {
    this.signal = signal;
    this.folder = mkdtempSync(join(folder, "run-"));
    this.#require = createRequire(join(this.folder, "main.mjs"));
    this.#endings.push(() => rmSync(this.folder, { recursive: true }));
  }

  log = (line) => void this.lines.push(line);

  /** The package as a program in this folder gets it. */
  load(name) {
    return import(pathToFileURL(this.#require.resolve(name)).href);
  }

  /** Where to put something. */
  path(name) {
    return join(this.folder, name);
  }

  /** Writes a module that programs of this folder can import; its URL. */
  module(name, text) {
    writeFileSync(this.path(name), text);
    return pathToFileURL(this.path(name)).href;
  }

  /** Remembers how to end something. */
  ending(end) {
    this.#endings.push(end);
  }

  /** Runs a Python program; resolves to what it printed. */
  python(program, ...args) {
    const { signal } = this;
    const child = spawn("python3", ["-c", program, ...args], {
      signal,
      killSignal: "SIGKILL",
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => this.log(text.trimEnd()));
    return new Promise((resolve, reject) => {
      child.once("error", (error) => reject(error.code === "ENOENT" ? new Skipped("no python3") : error));
      child.once("close", (code) => {
        this.log(`python3 ended with ${code} and printed ${output.trimEnd()}`);
        resolve(output);
      });
    });
  }

  async end() {
    for (const end of this.#endings.toReversed()) await end();
  }
}
