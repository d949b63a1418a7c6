// Turns results into Markdown for the terminal and for pasting into documents.
import { median, mib, pairedRatio, roundTrips } from "./stats.mjs";

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
  if (unit === "bytes") return `${mib(perSecond).toFixed(0)} MiB`;
  return perSecond < 1e5
    ? `${(perSecond / 1e3).toFixed(2)} k ${unit}`
    : `${(perSecond / 1e6).toFixed(3)} M ${unit}`;
}

const allOf = (variant, what) => variant.runs.map((run) => run[what]);

function growthText(variant) {
  const growths = allOf(variant, "growth");
  return growths.includes(undefined) ? "" : `+ ${mib(median(growths)).toFixed(0)} MiB`;
}

/** The columns after the name: their heads and what they show of a variant. */
function columnsFor(measured) {
  // Ours is what the others are compared with; without it the first that could be measured.
  const base = measured.find((variant) => variant.ours) ?? measured[0];
  const compared = (what) => (variant) => pairedRatio(variant, base, what).toFixed(2);
  const columns = [
    ["wall s", (variant) => median(allOf(variant, "seconds")).toFixed(3)],
    ["CPU s", (variant) => median(allOf(variant, "cpu")).toFixed(3)],
    [`wall / ${base?.name ?? "-"}`, compared("seconds")],
    [`CPU / ${base?.name ?? "-"}`, compared("cpu")],
    ["per wall second", (variant) => rateText(variant.rate, median(allOf(variant, "seconds")))],
    [
      "wall range",
      (variant) => {
        const walls = allOf(variant, "seconds");
        return `${Math.min(...walls).toFixed(3)}-${Math.max(...walls).toFixed(3)}`;
      },
    ],
  ];
  // Only where variants had different amounts to handle, for the sake of the slow ones.
  if (new Set(measured.map(({ rate }) => rate.amount)).size > 1) {
    columns.unshift([
      "amount",
      ({ rate }) => (rate.unit === "bytes" ? `${mib(rate.amount).toFixed(0)} MiB` : `${rate.amount}`),
    ]);
  }
  if (measured.some((variant) => variant.runs[0].memory !== undefined)) {
    columns.push(["KiB each", (variant) => (median(allOf(variant, "memory")) / 1024).toFixed(1)]);
  }
  if (measured.some((variant) => variant.runs[0].growth !== undefined)) {
    columns.push(["memory", (variant) => growthText(variant)]);
  }
  if (measured.some((variant) => variant.roundTrip !== undefined)) {
    columns.push(["round trips", (variant) => roundTrips(variant).toFixed(1)]);
  }
  return columns;
}

function row(variant, columns) {
  if (variant.problem === undefined) return [variant.name, ...columns.map(([, show]) => show(variant))];
  return [
    variant.name,
    `${variant.problem.kind}: ${variant.problem.text}`,
    ...columns.slice(1).map(() => ""),
  ];
}

const line = (cells) => `| ${cells.join(" | ")} |`;

function table(variants) {
  const columns = columnsFor(variants.filter((variant) => variant.problem === undefined));
  return [
    line(["variant", ...columns.map(([head]) => head)]),
    line(["---", ...columns.map(() => "---:")]),
    ...variants.map((variant) => line(row(variant, columns))),
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
