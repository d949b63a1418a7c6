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
const serverStartLimitMs = 20_000;

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

/** Starts a server script; resolves with the JSON line it prints when it listens, and a way to end it. */
export async function startServer(path, ...args) {
  const command = script(path, ...args);
  // Stdin stays open for as long as this process lives: servers end when it closes.
  const child = start(command, "pipe");
  const timer = setTimeout(() => child.kill("SIGKILL"), serverStartLimitMs);
  try {
    return await new Promise((resolve, reject) => {
      createInterface(child.stdout).once("line", (line) => {
        resolve({ ...JSON.parse(line), stop: () => child.kill("SIGKILL") });
      });
      child.on("error", (error) => reject(startError(error, command)));
      child.on("close", () => reject(new Error(`${path}: ${complaint(child.stderrText)}`)));
    });
  } finally {
    clearTimeout(timer);
  }
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

/** Synchronous, because it also runs in the 'exit' event. */
export function endEverything() {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
}
