// The line that shows how far a download is, for every width of the terminal.
import { describe, expect, test } from "vitest";
import { formatProgress } from "../src/progress-bar.ts";

const MIB = 1_048_576;

describe("formatProgress", () => {
  test("shows share, bar, bytes, rate and the time left", () => {
    expect(formatProgress("big.bin", 25 * MIB, 100 * MIB, 5_000, 79)).toBe(
      "big.bin  25% [####............] 25.0 MiB of 100.0 MiB  5.0 MiB/s  0:15 left",
    );
  });

  test("makes the bar wider where there is room, but not endlessly", () => {
    expect(formatProgress("big.bin", 50 * MIB, 100 * MIB, 5_000, 200)).toBe(
      "big.bin  50% [############............] 50.0 MiB of 100.0 MiB  10.0 MiB/s  0:05 left",
    );
  });

  test("shortens a long name before anything else", () => {
    expect(formatProgress("a-very-long-name-of-a-file.tar.gz", 50 * MIB, 100 * MIB, 5_000, 79)).toBe(
      "a-very-long-…  50% [#####.....] 50.0 MiB of 100.0 MiB  10.0 MiB/s  0:05 left",
    );
  });

  test("fits into any width", () => {
    for (let columns = -1; columns <= 140; columns += 1) {
      for (const label of ["", "x", "big.bin", "x".repeat(255)]) {
        for (const bytes of [0, 1, 1_023.5 * MIB, 1_024 * MIB]) {
          for (const total of [undefined, 1_024 * MIB]) {
            const line = formatProgress(label, bytes, total, 61_000, columns);
            expect(line.length).toBeLessThanOrEqual(Math.max(columns, 0));
          }
        }
      }
    }
  });

  test("counts two columns for letters that may be that wide", () => {
    const line = formatProgress("東京".repeat(20), 50 * MIB, 100 * MIB, 5_000, 79);
    expect(line).toMatch(/^(?:東京){3}…  50% \[#/);
  });

  test("keeps the bar in its place while the numbers change", () => {
    const places = [0, 1, 9.9, 10, 55, 99.9, 100].map((share) =>
      formatProgress("big.bin", share * MIB, 100 * MIB, 1_000, 79).indexOf("]"),
    );
    expect(new Set(places).size).toBe(1);
  });

  test("shows a full bar only at the end", () => {
    expect(formatProgress("f", 1_999, 2_000, 1_000, 79)).toContain("99% [#####################.]");
    expect(formatProgress("f", 2_000, 2_000, 1_000, 79)).toContain("100% [######################]");
  });

  test("shows bytes and rate where the server does not tell the size", () => {
    expect(formatProgress("f", 3 * MIB, undefined, 2_000, 79)).toBe("f  3.0 MiB  1.5 MiB/s");
  });

  test("divides nothing by zero", () => {
    expect(formatProgress("f", 0, 0, 0, 79)).toBe("f 100% [######################] 0 B of 0 B  0 B/s");
    expect(formatProgress("f", 0, 10, 100, 79)).toBe("f   0% [......................] 0 B of 10 B  0 B/s");
  });

  test("survives a file that grew meanwhile", () => {
    expect(formatProgress("f", 20, 10, 1_000, 79)).toContain("100% [######################] 20 B of 10 B");
    expect(formatProgress("f", 20, 10, 1_000, 79)).toContain("0:00 left");
  });
});
