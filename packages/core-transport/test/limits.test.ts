// Limits and timeouts: their defaults, and what may be given instead.
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../src/errors.ts";
import { Framer } from "../src/framer.ts";
import { defaultLimits, defaultTimeouts, withDefaults } from "../src/limits.ts";

describe("withDefaults", () => {
  test("fills in what was not given and keeps what was", () => {
    const limits = withDefaults(defaultLimits, { lineBytes: 100, blockBytes: Infinity });
    expect(limits).toEqual({ ...defaultLimits, lineBytes: 100 });
    expect(withDefaults(defaultTimeouts, undefined)).toEqual(defaultTimeouts);
  });

  test("leaves the defaults as they are", () => {
    const before = { ...defaultLimits };
    withDefaults(defaultLimits, { replyLines: 1 });
    expect(defaultLimits).toEqual(before);
    expect(withDefaults(defaultLimits, {})).not.toBe(defaultLimits);
  });

  test("takes a name with nothing for one that was not given", () => {
    const given: Record<string, undefined> = { stall: undefined, unknown: undefined };
    expect(withDefaults(defaultTimeouts, given)).toEqual(defaultTimeouts);
  });

  test.each(["lineByte", "toString", "__proto__", "stall"])(
    "refuses %s, which is none of its names",
    (name) => {
      const given: Record<string, number> = Object.fromEntries([[name, 1]]);
      expect(() => withDefaults(defaultLimits, given)).toThrow(ArgumentError);
      expect(() => withDefaults(defaultLimits, given)).toThrow(`"${name}" is none of lineBytes, replyLines,`);
    },
  );

  test.each([0, -1, Number.NaN, -Infinity, "10", 10n, null, true])("refuses %s for a value", (value) => {
    const given = { stall: value } as Partial<typeof defaultTimeouts>;
    expect(() => withDefaults(defaultTimeouts, given)).toThrow("stall must be a number above 0, not ");
  });
});

test.each([Infinity, 10.5, 1])("a line limit of %d that was let through can be worked with", (lineBytes) => {
  const framer = new Framer(withDefaults(defaultLimits, { lineBytes }).lineBytes);
  const area = framer.space();
  area.set(Buffer.from("\na"));
  framer.append(area.subarray(0, 2));
  expect(framer.takeLine()).toBe("");
  const next = framer.space();
  next.set(Buffer.from("\n"));
  framer.append(next.subarray(0, 1));
  expect(framer.takeBytes(9).toString()).toBe("a\n");
});
