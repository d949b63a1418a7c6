// Runs one job: every round runs every variant once, in rotating order, so that they share the noise.
import { makeFolder, measureChild, removeFolder, script, Skipped, startServer } from "./children.mjs";

async function runVariant(variant) {
  try {
    const result = await (variant.measure?.() ?? measureChild(variant.command));
    const amount = result.bytes ?? result.items;
    if (amount !== variant.expect) throw new Error(`handled ${amount} instead of ${variant.expect}`);
    variant.verify?.();
    const { seconds, cpu, memory, note } = result;
    return { seconds, cpu, memory, note };
  } finally {
    variant.after?.();
  }
}

/** `runs` has one entry per round, so that two variants can be compared round by round. */
function openRecord({ key, name, ours, rate }) {
  return { key, name, ours: ours === true, rate, runs: [] };
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
  const serve = async (path, ...args) => {
    const server = await startServer(script(path, ...args));
    servers.push(server);
    return server;
  };
  try {
    const plan = await job.prepare({ scale, folder, serve });
    const variants = await runRounds(job.name, plan.variants, rounds);
    return { name: job.name, size: plan.size, variants, bars: plan.bars };
  } catch (error) {
    const problem = problemOf(error);
    return { name: job.name, problem, variants: [], bars: [{ kind: "job", problem }] };
  } finally {
    for (const server of servers) server.stop();
    removeFolder(folder);
  }
}
