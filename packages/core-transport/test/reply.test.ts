// The codes of status lines: what is one and what is not.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCode, ProtocolError } from "../src/index.ts";

function failure(line: string): unknown {
  try {
    return parseCode(line);
  } catch (error) {
    return error;
  }
}

describe("parseCode", () => {
  test("reads every code from 100 to 599, whatever text follows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.string({ unit: "binary" }), (code, text) => {
        expect(parseCode(`${code}`)).toBe(code);
        expect(parseCode(`${code} ${text}`)).toBe(code);
        expect(parseCode(`${code}-${text}`)).toBe(code);
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["two digits", "25"],
    ["two digits and a text", "25 ok"],
    ["four digits", "2500 ok"],
    ["a code below 100", "099 ok"],
    ["a code above 599", "600 ok"],
    ["a text without a space before it", "250ok"],
    ["a tab behind the code", "250\tok"],
    ["a space in front", " 250 ok"],
    ["a sign", "+25 ok"],
    ["a number in another notation", "2e2 ok"],
    ["digits that are not ASCII", "\u0662\u0665\u0660 ok"],
    ["the reply of another protocol", "+OK ready"],
  ])("refuses %s", (_what, line) => {
    expect(failure(line)).toBeInstanceOf(ProtocolError);
  });

  test("takes a line for a code if and only if the pattern of the RFCs matches", () => {
    const digits = fc.string({ unit: fc.constantFrom("0", "1", "5", "6", "9", "-", " ", "x"), maxLength: 6 });
    fc.assert(
      fc.property(digits, (line) => {
        const code = /^([1-5]\d\d)(?:[ -]|$)/.exec(line)?.[1];
        const result = failure(line);
        expect(result instanceof ProtocolError ? "refused" : result).toBe(
          code === undefined ? "refused" : Number(code),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("shows only the beginning of a line that it refuses, and no control characters", () => {
    const { message } = failure(`\u001b[2J${"x".repeat(8_000)}`) as Error;
    expect(message).toContain("\\u001b[2J");
    expect(message).not.toContain("\u001b");
    expect(message.length).toBeLessThan(200);
  });
});
