// A computation of a given number of steps: the same work each time, however much of a processor it gets.
export function compute(steps) {
  let state = 1;
  // Whole numbers of 32 bits from the first step on: compiled to the same code in every process.
  for (let step = 0; step < steps; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}

/** How many steps take about a millisecond here; the fastest of several tries, after the compiler had its turn. */
export function stepsPerMillisecond() {
  const steps = 1_000_000;
  const tries = Array.from({ length: 10 }, () => {
    const before = performance.now();
    compute(steps);
    return performance.now() - before;
  });
  return Math.round(steps / Math.min(...tries));
}
