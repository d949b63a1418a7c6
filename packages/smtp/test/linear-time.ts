// What an attacker may write at any length must not cost more than its length.

function fastest(run: () => void): number {
  const times = [1, 2, 3].map(() => {
    const begin = performance.now();
    run();
    return performance.now() - begin;
  });
  return Math.min(...times);
}

/**
 * Is ten times the text read in about ten times the time, and a megabyte in less than a second? What takes a hundred
 * times as long is found.
 */
export function isLinear(textOf: (length: number) => string, read: (text: string) => unknown): boolean {
  const [short, long] = [textOf(100_000), textOf(1_000_000)];
  const run = (text: string): void => {
    try {
      read(text);
    } catch {
      // Refused or not: it is about time.
    }
  };
  const first = fastest(() => run(short));
  const second = fastest(() => run(long));
  return second < Math.max(first * 40, 100) && second < 1_000;
}

/** The text over and over, up to that length. */
export function repeated(unit: string): (length: number) => string {
  return (length) => unit.repeat(Math.ceil(length / unit.length));
}
