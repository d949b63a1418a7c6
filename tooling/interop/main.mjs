// Tries our clients on servers that others wrote, from Debian packages, and our servers with what has to be compiled
// for them: `pnpm interop`, or `pnpm interop PATTERN` for those whose lines match.
import { stages } from "./groups.mjs";
import { removeLeftovers } from "./lib/leftovers.mjs";
import { Skipped } from "./lib/skipped.mjs";

const scenarioLimitMs = 60_000;

/** Runs one case to its end, or to the end of its time. */
async function attempt(one, begin) {
  const limit = new AbortController();
  const tooLate = new Error(`not done within ${scenarioLimitMs / 1000} s`);
  const timer = setTimeout(() => limit.abort(tooLate), scenarioLimitMs);
  const timeUp = new Promise((_resolve, reject) => {
    limit.signal.addEventListener("abort", () => reject(tooLate));
  });
  const run = begin(limit.signal, one);
  try {
    await Promise.race([one.scenario(run), timeUp]);
    return { outcome: "passed" };
  } catch (error) {
    if (error instanceof Skipped) return { outcome: "skipped", reason: error.message };
    console.log(`\n${one.name}`);
    for (const line of run.lines) console.log(`    ${line}`);
    console.log(error);
    return { outcome: "FAILED", reason: error.message.split("\n", 1)[0] };
  } finally {
    clearTimeout(timer);
    await run.end();
  }
}

/** What begins the runs of a group, or why there are none. */
function prepare(group) {
  try {
    return { group, begin: group.prepare() };
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return { group, obstacle: error.message };
  }
}

const wanted = new RegExp(process.argv[2] ?? "");
const chosen = stages.map((groups) =>
  groups
    .map((group) => ({ ...group, cases: group.cases.filter(({ name }) => wanted.test(name)) }))
    .filter(({ cases }) => cases.length > 0),
);
const names = chosen.flat().flatMap(({ cases }) => cases.map(({ name }) => name));
const width = Math.max(...names.map((name) => name.length)) + 2;
const outcomes = [];

async function runGroup({ group, begin, obstacle }) {
  for (const one of group.cases) {
    const start = performance.now();
    const { outcome, reason = "" } =
      begin === undefined ? { outcome: "skipped", reason: obstacle } : await attempt(one, begin);
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
    console.log(`${one.name.padEnd(width)}${outcome.padEnd(9)}${seconds} s  ${reason}`.trimEnd());
    outcomes.push(outcome);
  }
}

// What makes users: `su` leaves these out.
process.env.PATH += ":/usr/sbin:/sbin";

// Servers, files and the account go however this process ends, save by SIGKILL.
process.on("exit", removeLeftovers);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

for (const groups of chosen) {
  // While nothing else runs: it takes its time, and the whole process with it.
  const prepared = groups.map(prepare);
  await Promise.all(prepared.map(runGroup));
}

const count = (outcome) => outcomes.filter((one) => one === outcome).length;
console.log(`\n${count("passed")} passed, ${count("FAILED")} failed, ${count("skipped")} skipped`);
// What a failed scenario still waits for does not keep us.
process.exit(count("FAILED") > 0 ? 1 : 0);
