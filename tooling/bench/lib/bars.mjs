// The bars a job sets for ours, and how they are judged.
import { median, mib, pairedRatio, roundTrips } from "./stats.mjs";

/** Ours must have at least `factor` times the speed (wall) of the variant with the key `than`. */
export function atLeast(factor, than, tolerance = 0) {
  return { kind: "ratio", of: "ours", than, factor, tolerance };
}

/** Ours may take at most `factor` times the CPU time of the variant with the key `than`. */
export function atMostCpu(factor, than) {
  return { kind: "most", of: "ours", than, factor, what: "cpu", noun: "CPU time" };
}

/** The same for the memory of the job `server-idle`. */
export function atMostMemory(factor, than) {
  return { kind: "most", of: "ours", than, factor, what: "memory", noun: "memory" };
}

/** The variant `of` must handle at least this many MiB in one second of its CPU time. */
export function atLeastMibPerCpuSecond(floor, of) {
  return { kind: "rate", of, floor };
}

/** The memory of the variant `of` may grow by less than this many MiB. */
export function lessThanMib(limit, of) {
  return { kind: "growth", of, limit };
}

/** The variant `of` may take at most this many round trips, and less than half the time of one for computing. */
export function atMostRoundTrips(limit, of) {
  return { kind: "trips", of, limit };
}

const digits = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(3));

function verdictOf(met) {
  return met ? "met" : "MISSED";
}

/** What a bar asks for, in words; `subject` is the name of the variant it speaks of. */
function wording({ kind, factor, floor, limit, noun, tolerance }, subject) {
  if (kind === "rate") return `at least ${floor} MiB per CPU second, ${subject}`;
  if (kind === "most") return `at most ${factor} x the ${noun} of ${subject}`;
  if (kind === "growth") return `memory grows by less than ${limit} MiB, ${subject}`;
  if (kind === "trips") return `at most ${limit} round trips, ${subject}`;
  const percent = Math.round(tolerance * 100);
  const allowance = percent > 0 ? ` (less ${percent} % for the error of measurement)` : "";
  return `at least ${factor} x ${subject}${allowance}`;
}

function judgeRatio(bar, ours, peer) {
  const value = pairedRatio(peer, ours);
  return { value: `${digits(value)} x`, verdict: verdictOf(value >= bar.factor * (1 - bar.tolerance)) };
}

function judgeMost(bar, ours, peer) {
  const value = pairedRatio(ours, peer, bar.what);
  return { value: `${digits(value)} x`, verdict: verdictOf(value <= bar.factor) };
}

function judgeRate(bar, variant) {
  const value = median(variant.runs.map((run) => mib(variant.rate.amount) / run.cpu));
  return { value: `${digits(value)} MiB/s`, verdict: verdictOf(value >= bar.floor) };
}

function judgeGrowth(bar, variant) {
  const value = mib(median(variant.runs.map(({ growth }) => growth)));
  return { value: `${digits(value)} MiB`, verdict: verdictOf(value < bar.limit) };
}

function judgeTrips(bar, variant) {
  const value = roundTrips(variant);
  return { value: digits(value), verdict: verdictOf(value < bar.limit + 0.5) };
}

/** A bar that could not be measured is never met: "skipped" if something is not installed, else "error". */
function unmeasured({ name, problem }) {
  const reason = problem.kind === "skipped" ? problem.text : `${name} failed`;
  return { value: `not measured (${reason})`, verdict: problem.kind };
}

const judges = {
  ratio: judgeRatio,
  most: judgeMost,
  rate: judgeRate,
  growth: judgeGrowth,
  trips: judgeTrips,
};

export function judge(bar, variants) {
  if (bar.kind === "job") return { text: "all bars", value: bar.problem.text, verdict: bar.problem.kind };
  const of = variants.find((variant) => variant.key === bar.of);
  const than = variants.find((variant) => variant.key === bar.than);
  const broken = [of, than].find((variant) => variant?.problem !== undefined);
  const text = wording(bar, (than ?? of).name);
  return { text, ...(broken === undefined ? judges[bar.kind](bar, of, than) : unmeasured(broken)) };
}
