// What an attacker may write at any length must not cost more than its length.

/** Of this process alone: what else the machine does is not counted. */
export async function cpuMilliseconds(run: () => unknown): Promise<number> {
  const begin = process.cpuUsage();
  try {
    await run();
  } catch {
    // Refused or not: it is about time.
  }
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1_000;
}

async function fastest(run: () => unknown): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < 3; round += 1) best = Math.min(best, await cpuMilliseconds(run));
  return best;
}

/** Is ten times the text read in about ten times the time? What takes a hundred times as long is found. */
export async function isLinear(
  textOf: (length: number) => string,
  read: (text: string) => unknown,
): Promise<boolean> {
  const [short, long] = [textOf(100_000), textOf(1_000_000)];
  const first = await fastest(() => read(short));
  const second = await fastest(() => read(long));
  return second < Math.max(first * 40, 200) && second < 3_000;
}

/** The text over and over, up to that length. */
export function repeated(unit: string): (length: number) => string {
  return (length) => unit.repeat(Math.ceil(length / unit.length));
}
