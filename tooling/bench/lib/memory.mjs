// Measures the work of a Node variant, and how much its memory grows meanwhile.
import { measure } from "./measure.mjs";

/** The growth is that of the resident memory to its peak, garbage and all. */
export async function measureGrowth(unit, work) {
  const before = process.memoryUsage.rss();
  await measure(unit, work, () => process.resourceUsage().maxRSS * 1024 - before);
}
