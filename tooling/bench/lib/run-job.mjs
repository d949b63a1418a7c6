// Runs one job: every round runs every variant once, in rotating order, so that they share the noise.
import { makeFolder, measureChild, removeFolder, script, Skipped, startServer } from "./children.mjs";

async function runVariant(variant) {
  try {
    variant.before?.();
    const result = await (variant.measure?.() ?? measureChild(variant.command));
    const amount = result.bytes ?? result.items;
    if (amount !== variant.expect) throw new Error(`handled ${amount} instead of ${variant.expect}`);
    variant.verify?.();
    const { seconds, cpu, memory, growth, note } = result;
    return { seconds, cpu, memory, growth, note };
  } finally {
    variant.after?.();
  }
}

/**
 * `runs` has one entry per round, so that two variants can be compared round by round. `roundTrip` is that of the
 * network, in seconds, where there is one to speak of.
 */
function openRecord({ key, name, ours, rate, roundTrip }) {
  return { key, name, ours: ours === true, rate, roundTrip, runs: [] };
}

async function runRounds(name, variants, rounds) {
  const records = variants.map(openRecord);
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < variants.length; step++) {
      const index = (round + step) % variants.length;
      const record = records[index];
      if (record.problem !== undefined) continue;
      process.stderr.write(`${name}: round ${round + 1}/${rounds}, ${record.name}\n`);
      try {
        record.runs.push(await runVariant(variants[index]));
      } catch (error) {
        // One failure ends the variant: its other rounds would not be comparable.
        record.problem = problemOf(error);
      }
    }
  }
  return records;
}

function problemOf(error) {
  return error instanceof Skipped
    ? { kind: "skipped", text: error.message }
    : { kind: "error", text: error.message };
}

export async function runJob(job, { rounds, scale }) {
  const folder = makeFolder();
  const servers = [];
  const start = async (command) => {
    const server = await startServer(command);
    servers.push(server);
    return server;
  };
  const serve = (path, ...args) => start(script(path, ...args));
  try {
    const plan = await job.prepare({ scale, folder, start, serve });
    const variants = await runRounds(job.name, plan.variants, rounds);
    return { name: job.name, size: plan.size, variants, bars: plan.bars };
  } catch (error) {
    const problem = problemOf(error);
    return { name: job.name, problem, variants: [], bars: [{ kind: "job", problem }] };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    removeFolder(folder);
  }
}
