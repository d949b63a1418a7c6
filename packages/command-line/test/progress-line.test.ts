// The line that shows how far a download is, for every width of the terminal.
import { describe, expect, test } from "vitest";
import { formatProgress } from "../src/progress-line.ts";
import { columnsOf } from "../src/text-columns.ts";

const MIB = 1_048_576;

/** The line for a transfer with that many bytes per second. */
function line(
  label: string,
  bytes: number,
  total: number | undefined,
  speed: number,
  columns: number,
): string {
  return formatProgress({ label, bytes, total, speed }, columns);
}

describe("formatProgress", () => {
  test("shows share, bar, bytes, rate and the time left", () => {
    expect(line("big.bin", 25 * MIB, 100 * MIB, 5 * MIB, 79)).toBe(
      "big.bin  25% [####............] 25.0 MiB of 100.0 MiB  5.0 MiB/s  0:15 left",
    );
  });

  test("makes the bar wider where there is room, but not endlessly", () => {
    expect(line("big.bin", 50 * MIB, 100 * MIB, 10 * MIB, 200)).toBe(
      "big.bin  50% [############............] 50.0 MiB of 100.0 MiB  10.0 MiB/s  0:05 left",
    );
  });

  test("shortens a long name before anything else", () => {
    expect(line("a-very-long-name-of-a-file.tar.gz", 50 * MIB, 100 * MIB, 10 * MIB, 79)).toBe(
      "a-very-long-…  50% [#####.....] 50.0 MiB of 100.0 MiB  10.0 MiB/s  0:05 left",
    );
  });

  test.each([
    [70, "a-very-long-name…  50% 50.0 MiB of 100.0 MiB  10.0 MiB/s  0:05 left"],
    [50, "a-very-long-name-…  50% 10.0 MiB/s  0:05 left"],
    [30, "a-very-long-name…  50% 0:05"],
    [23, "a-very-lo…  50% 0:05"],
    [19, "a-very-long-n…  50%"],
    [6, "…  50%"],
    [5, " 50%"],
    [4, " 50%"],
    [3, " 50"],
    [0, ""],
  ])("leaves the less important out in %i columns", (columns, shown) => {
    expect(line("a-very-long-name-of-a-file.tar.gz", 50 * MIB, 100 * MIB, 10 * MIB, columns)).toBe(shown);
  });

  test("fits into any width", () => {
    for (let columns = -1; columns <= 140; columns += 1) {
      for (const label of ["", "x", "big.bin", "x".repeat(255), "東京".repeat(99)]) {
        for (const bytes of [0, 1, 1_023.5 * MIB, 1_024 * MIB]) {
          for (const total of [undefined, 1_024 * MIB]) {
            const shown = line(label, bytes, total, bytes / 61, columns);
            expect(columnsOf(shown)).toBeLessThanOrEqual(Math.max(columns, 0));
          }
        }
      }
    }
  });

  test("counts two columns for letters that may be that wide", () => {
    expect(line("東京".repeat(20), 50 * MIB, 100 * MIB, 10 * MIB, 79)).toMatch(/^(?:東京){3}…  50% \[#/);
  });

  test("fills a short name up, so that bars stand below each other", () => {
    const progress = { label: "a", bytes: 1, total: 2, speed: 1 };
    expect(formatProgress(progress, 79, 7)).toBe(
      "a        50% [########........] 1 B of 2 B  1 B/s  0:01 left",
    );
    expect(formatProgress({ ...progress, label: "東" }, 79, 7)).toMatch(/^東      {2}50% /);
  });

  test("keeps the bar in its place while the numbers change", () => {
    const places = [0, 1, 9.9, 10, 55, 99.9, 100].map((share) =>
      line("big.bin", share * MIB, 100 * MIB, share * MIB, 79).indexOf("]"),
    );
    expect(new Set(places).size).toBe(1);
  });

  test("shows a full bar only at the end", () => {
    expect(line("f", 1_999, 2_000, 1_999, 79)).toContain("99% [#####################.]");
    expect(line("f", 2_000, 2_000, 2_000, 79)).toContain("100% [######################]");
  });

  test("shows bytes and rate where the server does not tell the size", () => {
    expect(line("f", 3 * MIB, undefined, 1.5 * MIB, 79)).toBe("f 3.0 MiB  1.5 MiB/s");
    expect(line("a-long-name", 3 * MIB, undefined, 1.5 * MIB, 19)).toBe("a-long-name 3.0 MiB");
  });

  test("divides nothing by zero", () => {
    expect(line("f", 0, 0, 0, 79)).toBe("f 100% [######################] 0 B of 0 B  0 B/s");
    expect(line("f", 0, 10, 0, 79)).toBe("f   0% [......................] 0 B of 10 B  0 B/s");
  });

  test("survives a file that grew meanwhile", () => {
    expect(line("f", 20, 10, 20, 79)).toContain("100% [######################] 20 B of 10 B");
    expect(line("f", 20, 10, 20, 79)).toContain("0:00 left");
  });
});
