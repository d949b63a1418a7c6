// The statistics of the report: medians, because a shared machine has outliers in one direction only.
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median over the rounds of "how many times more of `what` did `one` need than `other` in the same round", for
 * the same amount: a slow peer may have been given less to do.
 */
export function pairedRatio(one, other, what = "seconds") {
  const share = other.rate.amount / one.rate.amount;
  return median(other.runs.map((run, round) => (one.runs[round][what] / run[what]) * share));
}

const mebibyte = 1024 * 1024;

export const mib = (bytes) => bytes / mebibyte;

/**
 * How many times the network went there and back, if nothing else took time. Not the median: their number is the
 * same in each round, and all else can only add to it.
 */
export const roundTrips = ({ runs, roundTrip }) =>
  Math.min(...runs.map(({ seconds }) => seconds)) / roundTrip;
