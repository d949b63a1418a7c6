// Values of options.
import { expect, test } from "vitest";
import { parseSeconds, parseTlsMode } from "../src/option.ts";

test.each([
  ["30", 30_000],
  ["0.25", 250],
])("%s seconds are %i milliseconds", (text, milliseconds) => {
  expect(parseSeconds("--timeout", text)).toBe(milliseconds);
});

test.each([["0"], [""], ["-1"], ["1e3"], ["soon"], ["Infinity"], [" 1"]])("%j is no time", (text) => {
  expect(() => parseSeconds("--wait", text)).toThrow("--wait is a number of seconds above 0");
});

test("a way to use TLS is one of four, or not given", () => {
  expect(parseTlsMode("starttls")).toBe("starttls");
  expect(parseTlsMode(undefined)).toBeUndefined();
  expect(() => parseTlsMode("STARTTLS")).toThrow("--tls is one of implicit, starttls, opportunistic, none");
});
