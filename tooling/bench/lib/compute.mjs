// A computation of a given number of steps: the same work each time, however much of a processor it gets.
export function compute(steps) {
  let state = 2_463_534_242;
  for (let step = 0; step < steps; step++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

/** How many steps take about a millisecond here; the fastest of several tries, after the compiler had its turn. */
export function stepsPerMillisecond() {
  const steps = 1_000_000;
  const tries = Array.from({ length: 10 }, () => {
    const before = performance.now();
    if (compute(steps) === 0) throw new Error("never so");
    return performance.now() - before;
  });
  return Math.round(steps / Math.min(...tries));
}
