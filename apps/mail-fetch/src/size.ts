// Sizes as people write them.

const POWERS = ["", "K", "M", "G", "T"];

/** "500", "500K", "10 MiB": bytes, in units of 1,024. Throws an Error that says what an option takes. */
export function parseSize(option: string, text: string): number {
  const [, number, unit = ""] = /^(\d{1,15}(?:\.\d{1,15})?) ?([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  if (number === undefined) throw new Error(`${option} is a number of bytes, as 500K, 10M or 1.5G`);
  return Math.floor(Number(number) * 1_024 ** POWERS.indexOf(unit.toUpperCase()));
}
