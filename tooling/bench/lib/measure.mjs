// Measures the work of one Node variant inside its own process and prints the one JSON line.
/** `work` returns how many bytes or items (named by `unit`) it handled. */
export async function measure(unit, work) {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const amount = await work();
  const seconds = (performance.now() - before) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const line = JSON.stringify({ seconds, cpu: (user + system) / 1e6, [unit]: amount });
  // What the work left open (sockets, timers) must not keep the process alive.
  process.stdout.write(`${line}\n`, () => process.exit(0));
}
