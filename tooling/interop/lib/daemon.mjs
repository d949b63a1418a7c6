// Runs a server that others wrote in the foreground, on a free loopback port.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { leftover } from "./leftovers.mjs";
import { Skipped } from "./skipped.mjs";

const startLimitMs = 10_000;
const attempts = 5;

/**
 * Starts a server on a free port of `host`; `commandFor` says what to run for that port. Resolves to where the server
 * is and a way to end it with all its sessions.
 */
export async function startDaemon(host, commandFor) {
  for (let attempt = 1; ; attempt += 1) {
    // Not all know port 0, so that another program may be faster.
    const port = await freePort(host);
    const { program, args, env } = commandFor(port);
    const daemon = start(program, args, env);
    const failure = await Promise.race([daemon.ended, listens(daemon, host, port)]);
    if (failure === undefined) return { host, port, stop: daemon.stop };
    daemon.stop();
    if (attempt === attempts) throw new Error(`${program} does not start: ${failure}`);
  }
}

function start(program, args, env) {
  // A process group of its own: each session may be a process that outlives the listening one.
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const stop = leftover(() => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // All of them have ended already.
    }
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const daemon = { pid: child.pid, stop, isOver: false };
  daemon.ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", () => resolve(output.trim() || "it ended without a word"));
  }).finally(() => {
    daemon.isOver = true;
  });
  return daemon;
}

async function freePort(host) {
  const server = createServer().listen(0, host);
  await once(server, "listening").catch((error) => {
    throw new Skipped(`this machine does not listen on ${host} (${error.code})`);
  });
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves to undefined when the server is there, and to a sentence when it is not in time. */
async function listens(daemon, host, port) {
  const end = performance.now() + startLimitMs;
  while (!daemon.isOver && performance.now() < end) {
    if (isListening(daemon.pid, host, port)) return undefined;
    await pause(20);
  }
  return `it does not listen within ${startLimitMs} ms`;
}

/** Asks the kernel: whoever connects to find out leaves a session behind, or finds another program there. */
function isListening(pid, host, port) {
  const table = readFileSync(host.includes(":") ? "/proc/net/tcp6" : "/proc/net/tcp", "latin1");
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inodes = table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address, , state]) => state === "0A" && address.endsWith(local))
    .map((fields) => fields[9]);
  return (
    inodes.length > 0 && openFilesOf(pid).some((file) => inodes.some((inode) => file === `socket:[${inode}]`))
  );
}

/** What the processes of a group have open: some servers leave listening to a child. */
function openFilesOf(group) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // The name in parentheses may hold anything; the third field behind it is the group.
        const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
          .replace(/^.*\) /s, "")
          .split(" ");
        if (Number(fields[2]) !== group) return [];
        const folder = `/proc/${pid}/fd`;
        return readdirSync(folder).map((name) => readlinkSync(join(folder, name)));
      } catch {
        // It closes some meanwhile, or has ended.
        return [];
      }
    });
}
