// Job `server-workers`: a handler that computes for a millisecond per line, in one worker process and in two.
import { availableParallelism } from "node:os";
import { atLeast } from "../lib/bars.mjs";
import { Skipped } from "../lib/children.mjs";
import { stepsPerMillisecond } from "../lib/compute.mjs";
import { buildLoad } from "../lib/load.mjs";
import { servedVariant } from "../lib/served.mjs";

const connections = 8;
const path = "ours/server-workers.mjs";

async function prepare({ scale, folder }) {
  if (availableParallelism() < 2) throw new Skipped("two workers need two cores");
  const load = buildLoad(folder);
  const steps = stepsPerMillisecond();
  const each = Math.round((3000 * scale) / connections);
  const rate = { amount: each * connections, unit: "lines" };
  const servers = [
    { key: "ours", name: "ours, `ForkingTCPServer`, 2 workers", server: [path, 2, steps] },
    { key: "one", name: "ours, `ForkingTCPServer`, 1 worker", server: [path, 1, steps] },
  ];
  return {
    size: `${rate.amount} lines, ${steps} steps of computing for each, ${connections} connections; ${load.text}`,
    variants: servers.map((server) => servedVariant(server, load.on("echo", connections, 1, each), rate)),
    bars: [atLeast(1.6, "one")],
  };
}

export const serverWorkers = { name: "server-workers", prepare };
