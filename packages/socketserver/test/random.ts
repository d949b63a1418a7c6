// Random numbers that are the same in every run, for tests that try many inputs.

/** A function that gives whole numbers from 0 up to, and without, what it is given (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** An IPv6 address in full, with many zeros in it, so that it can be shortened. */
export function randomIpv6(random: (below: number) => number): string {
  return Array.from({ length: 8 }, () => (random(2) === 0 ? "0" : random(65_536).toString(16))).join(":");
}
