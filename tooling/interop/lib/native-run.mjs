// One run of one scenario of our packages beside a native one.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Run } from "./run.mjs";
import { Skipped } from "./skipped.mjs";

/** NativeRun has a folder in which programs find the packages. */
export class NativeRun extends Run {
  #require;

  constructor({ folder, signal }) {
    super({ folder, signal });
    this.#require = createRequire(this.path("main.mjs"));
  }

  /** The package as a program in this folder gets it. */
  load(name) {
    return import(pathToFileURL(this.#require.resolve(name)).href);
  }

  /** Writes a module that programs of this folder can import; its URL. */
  module(name, text) {
    writeFileSync(this.path(name), text);
    return pathToFileURL(this.path(name)).href;
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
}
