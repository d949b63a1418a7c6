// Measures the work of one Node variant inside its own process and prints the one JSON line.

/** `work` returns how many bytes or items (named by `unit`) it handled, `growth`, asked behind it, bytes of memory. */
export async function measure(unit, work, growth) {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const amount = await work();
  const seconds = (performance.now() - before) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const result = { seconds, cpu: (user + system) / 1e6, growth: growth?.(), [unit]: amount };
  // What the work left open (sockets, timers) must not keep the process alive.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

/** The memory in use, garbage left out: how much of that a process piles up is up to V8. Needs --expose-gc. */
export function liveBytes() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
