// Job `server-idle`: the memory of a connection that has said one line and now says nothing.
import { spawnSync } from "node:child_process";
import { atMostMemory } from "../lib/bars.mjs";
import { buildLoad } from "../lib/load.mjs";
import { idleVariant } from "../lib/served.mjs";

/** What a process opens besides its connections. */
const otherFiles = 200;

const servers = [
  { key: "ours", name: "ours, `serve`", server: ["ours/server-serve.mjs"] },
  { key: "class", name: "ours, `ThreadingTCPServer`", server: ["ours/server-stream.mjs"] },
  { key: "net", name: "bare `node:net`", server: ["peers/server-net.mjs"] },
];

/** The hard limit of open files, to which Node and load.c raise their own. */
function fileLimit() {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  // It may also be the word "unlimited", or there is no shell.
  return Number.parseInt(stdout, 10) || Infinity;
}

async function prepare({ scale, folder }) {
  const load = buildLoad(folder);
  const wanted = Math.round(10_000 * scale);
  const count = Math.min(wanted, fileLimit() - otherFiles);
  const less = count < wanted ? ` (not ${wanted}: a process may not open more files)` : "";
  const rate = { amount: count, unit: "connections" };
  return {
    size: `${count} idle connections${less}, resident memory of the server; ${load.text}`,
    variants: servers.map((server) => idleVariant(server, load.on("idle", count, 1, 1), rate)),
    bars: [atMostMemory(1.5, "net")],
  };
}

export const serverIdle = { name: "server-idle", prepare };
