// Starts child processes and makes sure that they, and the temporary folders, are gone at the end.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const bench = fileURLToPath(new URL("..", import.meta.url));
const children = new Set();
const folders = new Set();
const variantLimitMs = 180_000;
const serverLineLimitMs = 20_000;
const serverEndLimitMs = 5000;

/** Thrown where a program or resource is missing: reported as skipped, not as failed. */
export class Skipped extends Error {}

/** The command for a script of this folder, by its extension. */
export function script(path, ...args) {
  const file = join(bench, path);
  // -B: Python would otherwise leave __pycache__ folders in the repository.
  const [command, ...flags] = path.endsWith(".py") ? ["python3", "-B"] : [process.execPath];
  return [command, ...flags, file, ...args.map(String)];
}

function start([command, ...args], stdin) {
  const child = spawn(command, args, { stdio: [stdin, "pipe", "pipe"] });
  children.add(child);
  child.on("close", () => children.delete(child));
  child.stderrText = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    child.stderrText = (child.stderrText + text).slice(-20_000);
  });
  return child;
}

function startError(error, command) {
  return error.code === "ENOENT" ? new Skipped(`no ${command[0]}`) : error;
}

/** The most telling line of what a failed child wrote to stderr. */
function complaint(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^\s+at |^Node\.js v/.test(line));
  const line = lines.find((candidate) => /^\w*(Error|Exception)\b/.test(candidate)) ?? lines.at(-1) ?? "";
  return line.trim().slice(0, 200);
}

/** Runs one variant to its end and returns the JSON line it printed. */
export function measureChild(command) {
  return new Promise((resolve, reject) => {
    const child = start(command, "ignore");
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`no result after ${variantLimitMs / 1000} s`));
    }, variantLimitMs);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(startError(error, command));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code !== 0) {
        reject(new Error(complaint(child.stderrText) || `ended with ${signal ?? `exit code ${code}`}`));
        return;
      }
      try {
        const result = JSON.parse(output);
        if (result.skipped !== undefined) reject(new Skipped(result.skipped));
        else resolve(result);
      } catch {
        reject(new Error(`printed no JSON line: ${output.slice(0, 100)}`));
      }
    });
  });
}

/**
 * Starts a server, or a load that lasts; resolves with the JSON line it prints when it is ready, and ways to ask it
 * for a report (see serving.mjs), for what it complained of, and to end it.
 */
export async function startServer(command) {
  // Stdin stays open for as long as this process lives: servers end when it closes.
  const child = start(command, "pipe");
  const closed = new Promise((resolve) => child.on("close", resolve));
  const failed = new Promise((_, reject) => {
    child.on("error", (error) => reject(startError(error, command)));
    child.on("close", () => reject(new Error(`server: ${complaint(child.stderrText) || "ended"}`)));
  });
  failed.catch(() => {});
  // Writing to a server that has just failed: `failed` says more.
  child.stdin.on("error", () => {});
  const lines = createInterface(child.stdout);
  const nextLine = async () => {
    const timer = setTimeout(() => child.kill("SIGKILL"), serverLineLimitMs);
    const line = new Promise((resolve) => lines.once("line", resolve));
    try {
      return JSON.parse(await Promise.race([line, failed]));
    } finally {
      clearTimeout(timer);
    }
  };
  const facts = await nextLine();
  if (facts.skipped !== undefined) throw new Skipped(facts.skipped);
  return {
    ...facts,
    report(what) {
      child.stdin.write(`${what}\n`);
      return nextLine();
    },
    pid: child.pid,
    complaint: () => complaint(child.stderrText),
    async stop() {
      // Not killed, unless it is stuck: it may have processes of its own.
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), serverEndLimitMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "netcli-bench-"));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(folder);
}

/** Synchronous, because it also runs in the 'exit' event. Servers see the end of their stdin. */
export function endEverything() {
  for (const child of children) if (child.stdin === null) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
}
