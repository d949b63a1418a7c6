// Jobs `server-echo` and `server-echo-pipelined`: many connections, each line is answered with itself.
import { atLeast, atMostCpu } from "../lib/bars.mjs";
import { buildLoad } from "../lib/load.mjs";
import { servedVariant } from "../lib/served.mjs";

const connections = 50;

/** `single` and `pipelined` are full numbers of lines: slow ones get fewer. The bars are for `ours`. */
const perLine = {
  name: "ours, `ThreadingTCPServer`, `readLine`",
  server: ["ours/server-stream.mjs"],
  single: 200_000,
  pipelined: 2_000_000,
};
const perBatch = {
  name: "ours, `ThreadingTCPServer`, `readLines`",
  server: ["ours/server-batch.mjs"],
  single: 200_000,
  pipelined: 4_000_000,
};
const others = [
  {
    key: "receiver",
    name: "ours, `LineReceiver`",
    server: ["ours/server-receiver.mjs"],
    single: 200_000,
    pipelined: 2_000_000,
  },
  {
    key: "threading",
    name: "Python `ThreadingTCPServer`",
    server: ["peers/server_socketserver.py", "ThreadingTCPServer"],
    single: 100_000,
    pipelined: 200_000,
  },
  {
    key: "twisted",
    name: "Twisted `LineReceiver`",
    server: ["peers/server_twisted.py"],
    single: 100_000,
    pipelined: 1_500_000,
  },
  {
    key: "net",
    name: "bare `node:net`",
    server: ["peers/server-net.mjs"],
    single: 200_000,
    pipelined: 4_000_000,
  },
];

function plan({ scale, folder }, kind, inFlight, ours, bars) {
  const load = buildLoad(folder);
  return {
    size: `lines of 32 bytes on ${connections} connections, ${inFlight} in flight on each; ${load.text}`,
    variants: [...ours, ...others].map((server) => {
      const each = Math.round((server[kind] * scale) / connections);
      const rate = { amount: each * connections, unit: "lines" };
      return servedVariant(server, load.on("echo", connections, inFlight, each), rate);
    }),
    bars,
  };
}

const singleBars = [
  atLeast(1.5, "threading"),
  atMostCpu(0.85, "threading"),
  atLeast(1.5, "twisted"),
  atMostCpu(1.15, "net"),
];
const pipelinedBars = [atLeast(0.85, "net"), atLeast(3, "threading"), atLeast(1, "twisted")];

export const serverEcho = {
  name: "server-echo",
  prepare: async (context) => plan(context, "single", 1, [{ key: "ours", ...perLine }], singleBars),
};
export const serverEchoPipelined = {
  name: "server-echo-pipelined",
  prepare: async (context) =>
    plan(
      context,
      "pipelined",
      50,
      [
        { key: "ours", ...perBatch },
        { key: "line", ...perLine },
      ],
      pipelinedBars,
    ),
};
