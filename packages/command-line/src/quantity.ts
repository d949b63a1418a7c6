// Amounts as people read them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** "45.3 MiB". */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/** "0:05", "1:02:03"; a second that has begun counts. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(Math.ceil(seconds), 0);
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  const shown = hours === 0 ? String(minutes) : `${hours}:${String(minutes).padStart(2, "0")}`;
  return `${shown}:${String(whole % 60).padStart(2, "0")}`;
}

/** "0.3 s", "1:02". */
export function formatElapsed(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
}

/** "1 file", "2 files". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
