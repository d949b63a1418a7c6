// Job `server-connect`: a connection for each line, as one-shot protocols have it.
import { atLeast } from "../lib/bars.mjs";
import { buildLoad } from "../lib/load.mjs";
import { servedVariant } from "../lib/served.mjs";

const atATime = 20;
const linesEach = 1;

/** `count` is the full number of connections: slow ones get fewer. */
const servers = [
  { key: "ours", name: "ours, `serve`", server: ["ours/server-serve.mjs", linesEach], count: 20_000 },
  {
    key: "class",
    name: "ours, `ThreadingTCPServer`",
    server: ["ours/server-stream.mjs", linesEach],
    count: 20_000,
  },
  {
    key: "threading",
    name: "Python `ThreadingTCPServer`",
    server: ["peers/server_socketserver.py", "ThreadingTCPServer", linesEach],
    count: 10_000,
  },
  { key: "net", name: "bare `node:net`", server: ["peers/server-net.mjs", linesEach], count: 20_000 },
];

async function prepare({ scale, folder }) {
  const load = buildLoad(folder);
  return {
    size: `connect, a line of 32 bytes, its echo, the server closes; ${atATime} at a time; ${load.text}`,
    variants: servers.map((server) => {
      const count = Math.round(server.count * scale);
      const rate = { amount: count, unit: "connections" };
      return servedVariant(server, load.on("connect", atATime, linesEach, count), rate);
    }),
    bars: [atLeast(2, "threading"), atLeast(0.85, "net")],
  };
}

export const serverConnect = { name: "server-connect", prepare };
