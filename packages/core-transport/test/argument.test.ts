// No argument gets another command onto the wire, and no secret into a trace or an error.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { assertArgument, commandLine } from "../src/argument.ts";
import { ArgumentError } from "../src/errors.ts";

vi.setConfig({ testTimeout: 30_000 });

// Text in which line ends are likely, in bytes, in characters and in what is left of a character cut to 8 bits.
const risky = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "\r",
          "\n",
          "\0",
          "\r\n",
          "\u760a",
          "\u760d",
          "\u7600",
          "\u2028",
          "\u0085",
        ),
      },
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(""));

const encodings = fc.constantFrom<BufferEncoding>("utf8", "latin1", "utf16le", "ascii");

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function isRefused(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (error instanceof ArgumentError) return true;
    throw error;
  }
}

describe("an argument is refused if and only if what goes out holds CR, LF or NUL", () => {
  test("as a string, which goes out as UTF-8", () => {
    fc.assert(
      fc.property(risky, (text) => {
        const bytes = Buffer.from(text);
        const unsafe = [0x0d, 0x0a, 0x00].some((byte) => bytes.includes(byte));
        expect(isRefused(() => assertArgument("it", text))).toBe(unsafe);
        expect(isRefused(() => assertArgument("it", bytes))).toBe(unsafe);
        expect(isRefused(() => commandLine("VERB", [text]))).toBe(unsafe);
        expect(isRefused(() => commandLine(text))).toBe(unsafe);
      }),
      { numRuns: 1_000 },
    );
  });

  test("in an encoding of the protocol's own", () => {
    fc.assert(
      fc.property(fc.array(risky, { maxLength: 3 }), encodings, (args, encoding) => {
        const encode = (text: string): Buffer => Buffer.from(text, encoding);
        const bytes = encode(["VERB", ...args].join(" "));
        const unsafe = [0x0d, 0x0a, 0x00].some((byte) => bytes.includes(byte));
        expect(isRefused(() => commandLine("VERB", args, { encode }))).toBe(unsafe);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(["\u760a", "\u760d", "\u7600"])(
    "although %s was harmless before it was cut to 8 bits",
    (character) => {
      expect(commandLine("DELE", [character]).line).toBe(`DELE ${character}`);
      expect(() => commandLine("DELE", [character], { encode: latin1 })).toThrow(ArgumentError);
    },
  );

  test.each([
    ["a\rb", "a carriage return"],
    ["a\nb", "a line feed"],
    ["a\0b", "a NUL"],
  ])("and %j is told to contain %s", (text, meaning) => {
    const message = `the name contains ${meaning}; nothing was sent`;
    expect(() => assertArgument("the name", text)).toThrow(message);
    expect(() => assertArgument("the name", Buffer.from(text))).toThrow(message);
  });
});

describe("a command line", () => {
  test("joins its parts with spaces", () => {
    expect(commandLine("NOOP")).toEqual({ line: "NOOP", shown: "NOOP" });
    expect(commandLine("GROUP", ["a", "b c"])).toEqual({ line: "GROUP a b c", shown: "GROUP a b c" });
  });

  test("goes out as its encoding made it", () => {
    const { line, shown } = commandLine("CWD", ["ü"], { encode: latin1 });
    expect(line).toEqual(Buffer.from("CWD ü", "latin1"));
    expect(shown).toBe("CWD ü");
  });

  test("shows nothing of a secret, not even its length", () => {
    const short = commandLine("PASS", ["a"], { secret: true });
    const long = commandLine("PASS", ["correct horse", "battery"], { secret: true });
    expect([short.shown, long.shown]).toEqual(["PASS ****", "PASS ****"]);
    expect(long.line).toBe("PASS correct horse battery");
  });

  test("repeats nothing of what it refuses", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4, unit: fc.constantFrom("q", "x", "7") }),
        fc.boolean(),
        (text, secret) => {
          for (const [verb, argument] of [
            ["PASS", `${text}\r\n`],
            [`PASS ${text}\n`, ""],
          ] as const) {
            const run = (): unknown => commandLine(verb, [argument], { secret });
            expect(run).toThrow(expect.objectContaining({ message: expect.not.stringContaining(text) }));
          }
        },
      ),
    );
  });
});
