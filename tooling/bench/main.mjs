// Runs the benchmark jobs named on the command line (default: all), prints tables and judges the bars.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { jobs } from "./jobs/index.mjs";
import { endEverything } from "./lib/children.mjs";
import { describeMachine } from "./lib/machine.mjs";
import { judge } from "./lib/bars.mjs";
import { jobMarkdown, machineMarkdown, summaryMarkdown } from "./lib/markdown.mjs";
import { runJob } from "./lib/run-job.mjs";

const usage = `usage: node tooling/bench/main.mjs [job ...] [--rounds N] [--scale F | --quick] [--json FILE] [--no-bars]
jobs: ${[...jobs.keys()].join(" ")}`;

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      scale: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      "no-bars": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  const scale = values.quick ? 0.1 : Number(values.scale);
  const unknown = positionals.find((name) => !jobs.has(name));
  if (unknown !== undefined) throw new Error(`no job is called ${unknown}`);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds needs a whole number from 1");
  if (!(scale > 0 && scale <= 10)) throw new Error("--scale needs a number above 0 and up to 10");
  const names = positionals.length > 0 ? positionals : [...jobs.keys()];
  return { names, rounds, scale, json: values.json, strict: !values["no-bars"], help: values.help };
}

let options;
try {
  options = parse();
} catch (error) {
  console.error(`${error.message}\n${usage}`);
  process.exit(2);
}
if (options.help) {
  console.log(usage);
  process.exit(0);
}

// Where Debian puts servers: `su` leaves these out.
process.env.PATH += ":/usr/sbin:/sbin";

// Children and temporary files go however this process ends, save by SIGKILL (see servers/serve.py).
process.on("exit", endEverything);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

const machine = describeMachine();
console.log(machineMarkdown(machine, options));
const results = [];
for (const name of options.names) {
  const result = await runJob(jobs.get(name), options);
  result.bars = result.bars.map((bar) => judge(bar, result.variants));
  results.push(result);
  console.log(jobMarkdown(result));
}
const verdicts = results.flatMap((result) => result.bars.map((bar) => bar.verdict));
console.log(summaryMarkdown(verdicts));
if (options.json !== undefined) {
  const { rounds, scale } = options;
  writeFileSync(options.json, `${JSON.stringify({ machine, rounds, scale, jobs: results }, undefined, 2)}\n`);
}
const failed = verdicts.some((verdict) => verdict === "MISSED" || verdict === "error");
process.exitCode = failed && options.strict ? 1 : 0;
