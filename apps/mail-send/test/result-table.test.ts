// The table of results.
import type { RecipientResult } from "@netcli/smtp";
import { expect, test } from "vitest";
import { formatResults } from "../src/result-table.ts";

function result(
  address: string,
  status: RecipientResult["status"],
  code?: number,
  text = "",
  enhanced?: string,
): RecipientResult {
  const reply = code === undefined ? undefined : { code, enhanced, text, lines: [`${code} ${text}`] };
  return { address, status, reply };
}

test("columns are aligned, and what is not known leaves its place empty", () => {
  const results = [
    result("a@example.com", "accepted", 250, "fine", "2.0.0"),
    result("longer@example.com", "refused", 550, "no\nnever"),
    result("b@example.com", "unsent"),
    result("c@example.com", "unknown"),
  ];
  expect(formatResults(results)).toEqual([
    "a@example.com       accepted  250 2.0.0  fine",
    "longer@example.com  refused   550        no never",
    "b@example.com       unsent",
    "c@example.com       unknown",
  ]);
});

test("letters that take two columns are counted as two", () => {
  const results = [result("東京@example.com", "accepted", 250), result("kyoto@example.com", "accepted", 250)];
  expect(formatResults(results)).toEqual([
    "東京@example.com   accepted  250",
    "kyoto@example.com  accepted  250",
  ]);
});

test("control characters of an address and of a server are shown", () => {
  const [line] = formatResults([result("a@\u001B[2J", "refused", 550, "\u0007bell\tand tab")]);
  expect(line).toBe("a@\\x1b[2J  refused  550  \\x07bell\\x09and tab");
});

test.each([[40], [80], [160]])("no line is wider than %i columns", (columns) => {
  const results = [
    result(`${"a".repeat(64)}@${"b".repeat(60)}.example`, "accepted", 250, "word ".repeat(100), "2.0.0"),
    result("c@example.com", "refused", 550, "no"),
  ];
  for (const line of formatResults(results, columns)) expect(line.length).toBeLessThanOrEqual(columns);
});

test("there is none without recipients", () => {
  expect(formatResults([])).toEqual([]);
});
