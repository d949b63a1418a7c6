// Turns results into Markdown for the terminal and for pasting into documents.
import { median, mib, pairedRatio } from "./stats.mjs";

export function machineMarkdown(machine, { rounds, scale }) {
  const { node, python, curl, system, cores, processor } = machine;
  return [
    `Node ${node}, Python ${python}, curl ${curl}; ${system}, ${cores} cores, ${processor}.`,
    `${rounds} rounds, sizes x ${scale}; medians; ratios are medians of the ratios within each round.`,
    "",
  ].join("\n");
}

function rateText({ amount, unit }, seconds) {
  const perSecond = amount / seconds;
  return unit === "bytes" ? `${mib(perSecond).toFixed(0)} MiB` : `${(perSecond / 1e6).toFixed(3)} M ${unit}`;
}

function row(variant, base) {
  if (variant.problem !== undefined) {
    return [variant.name, `${variant.problem.kind}: ${variant.problem.text}`, "", "", "", ""];
  }
  const walls = variant.runs.map((run) => run.seconds);
  const cpu = median(variant.runs.map((run) => run.cpu));
  return [
    variant.name,
    median(walls).toFixed(3),
    cpu.toFixed(3),
    pairedRatio(variant, base).toFixed(2),
    rateText(variant.rate, median(walls)),
    `${Math.min(...walls).toFixed(3)}-${Math.max(...walls).toFixed(3)}`,
  ];
}

const line = (cells) => `| ${cells.join(" | ")} |`;

function table(variants) {
  const measured = variants.filter((variant) => variant.problem === undefined);
  // Ours is what the others are compared with; without it the first that could be measured.
  const base = measured.find((variant) => variant.ours) ?? measured[0];
  const head = ["variant", "wall s", "CPU s", `wall / ${base?.name ?? "-"}`, "per wall second", "wall range"];
  return [
    line(head),
    line(["---", "---:", "---:", "---:", "---:", "---:"]),
    ...variants.map((variant) => line(row(variant, base))),
  ];
}

function noteLines(variants) {
  return variants.flatMap(({ name, runs }) =>
    runs.flatMap(({ note }, round) => (note === undefined ? [] : [`- ${name}, round ${round + 1}: ${note}`])),
  );
}

export function jobMarkdown({ name, size, problem, variants, bars }) {
  const body = problem === undefined ? [`${size}.`, "", ...table(variants), "", ...noteLines(variants)] : [];
  const verdicts = bars.map((bar) => `- ${bar.text}: ${bar.value}, ${bar.verdict}`);
  return [`## ${name}`, "", ...body, ...verdicts, ""].join("\n");
}

export function summaryMarkdown(verdicts) {
  const count = (wanted) => verdicts.filter((verdict) => verdict === wanted).length;
  return `Bars: ${count("met")} met, ${count("MISSED")} missed, ${count("error")} failed to run, ${count("skipped")} skipped.`;
}
