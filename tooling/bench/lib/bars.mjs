// The bars a job sets for ours, and how they are judged.
import { median, mib, pairedRatio } from "./stats.mjs";

/** Ours must have at least `factor` times the speed (wall) of the variant with the key `than`. */
export function atLeast(factor, than, tolerance = 0) {
  return { kind: "ratio", of: "ours", than, factor, tolerance };
}

/** The variant `of` must handle at least this many MiB in one second of its CPU time. */
export function atLeastMibPerCpuSecond(floor, of) {
  return { kind: "rate", of, floor };
}

const digits = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(3));

function verdictOf(met) {
  return met ? "met" : "MISSED";
}

function judgeRatio(bar, ours, peer) {
  const value = pairedRatio(peer, ours);
  const percent = Math.round(bar.tolerance * 100);
  const allowance = percent > 0 ? ` (less ${percent} % for the error of measurement)` : "";
  return {
    text: `at least ${bar.factor} x ${peer.name}${allowance}`,
    value: `${digits(value)} x`,
    verdict: verdictOf(value >= bar.factor * (1 - bar.tolerance)),
  };
}

function judgeRate(bar, variant) {
  const value = median(variant.runs.map((run) => mib(variant.rate.amount) / run.cpu));
  return {
    text: `at least ${bar.floor} MiB per CPU second, ${variant.name}`,
    value: `${digits(value)} MiB/s`,
    verdict: verdictOf(value >= bar.floor),
  };
}

/** A bar that could not be measured is never met: "skipped" if something is not installed, else "error". */
function unmeasured(bar, variants, { name, problem }) {
  const subject = variants.find((variant) => variant.key === (bar.than ?? bar.of)).name;
  const wanted = bar.kind === "rate" ? `${bar.floor} MiB per CPU second,` : `${bar.factor} x`;
  const reason = problem.kind === "skipped" ? problem.text : `${name} failed`;
  return { text: `at least ${wanted} ${subject}`, value: `not measured (${reason})`, verdict: problem.kind };
}

export function judge(bar, variants) {
  if (bar.kind === "job") return { text: "all bars", value: bar.problem.text, verdict: bar.problem.kind };
  const of = variants.find((variant) => variant.key === bar.of);
  const than = variants.find((variant) => variant.key === bar.than);
  const broken = [of, than].find((variant) => variant?.problem !== undefined);
  if (broken !== undefined) return unmeasured(bar, variants, broken);
  return bar.kind === "rate" ? judgeRate(bar, of) : judgeRatio(bar, of, than);
}
