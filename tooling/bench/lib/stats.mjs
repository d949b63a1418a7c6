// The statistics of the report: medians, because a shared machine has outliers in one direction only.
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median over the rounds of "how many times longer did `slow` take than `fast` in the same round". */
export function pairedRatio(slow, fast) {
  return median(fast.runs.map((run, round) => slow.runs[round].seconds / run.seconds));
}

const mebibyte = 1024 * 1024;

export const mib = (bytes) => bytes / mebibyte;
