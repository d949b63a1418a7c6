// Measures servers: a variant of a server job is a server process, and a load that is the same for all of them.
import { setTimeout as sleep } from "node:timers/promises";
import { measureChild, script, startServer } from "./children.mjs";

const settleMs = 1000;

/** Starts the server for as long as `work` takes; if that fails, the server may know why. */
async function withServer(command, work) {
  const server = await startServer(command);
  try {
    return await work(server);
  } catch (error) {
    const complaint = server.complaint();
    throw complaint === "" ? error : new Error(`${error.message} (server: ${complaint})`, { cause: error });
  } finally {
    await server.stop();
  }
}

/** Wall time as the load saw it, and the CPU time of the server alone. `load` makes its command from the address. */
function measureServed(command, load) {
  return withServer(command, async (server) => {
    const before = await server.report("cpu");
    const result = await measureChild(load(server));
    return { ...result, cpu: (await server.report("cpu")) - before };
  });
}

/** The same for a load that stays: also how much more memory each of its connections takes. */
function measureIdle([node, ...args], load) {
  return withServer([node, "--expose-gc", ...args], async (server) => {
    const memory = await server.report("memory");
    const before = await server.report("cpu");
    const connections = await startServer(load(server));
    const { seconds, items } = connections;
    const cpu = (await server.report("cpu")) - before;
    try {
      await sleep(settleMs);
      return { seconds, items, cpu, memory: ((await server.report("memory")) - memory) / items };
    } finally {
      await connections.stop();
    }
  });
}

/** `server` is its script and the arguments of that. */
export function servedVariant({ key, name, server }, load, rate, measure = measureServed) {
  return {
    key,
    name,
    ours: key === "ours",
    measure: () => measure(script(...server), load),
    expect: rate.amount,
    rate,
  };
}

export const idleVariant = (server, load, rate) => servedVariant(server, load, rate, measureIdle);
