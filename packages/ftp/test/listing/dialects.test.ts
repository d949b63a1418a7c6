// Every format: what is read from its lines, and that no other format takes them for its own.
import { describe, expect, test } from "vitest";
import { ListingClock } from "../../src/listing/clock.ts";
import { DIALECTS } from "../../src/listing/dialects.ts";
import type { FtpEntry, ListingFormat } from "../../src/listing/entry.ts";
import { ListingReader } from "../../src/listing/reader.ts";
import { localized } from "./samples/localized.ts";
import { mvs, os400, vms, zvm } from "./samples/mainframes.ts";
import * as others from "./samples/others.ts";
import { expected, NOW, type Sample } from "./samples/sample.ts";
import { unix } from "./samples/unix.ts";
import { dos, netware, os2, pc } from "./samples/windows.ts";

const ALL: readonly (readonly [ListingFormat, readonly Sample[]])[] = [
  ["unix", [...unix, ...localized]],
  ["dos", dos],
  ["os2", os2],
  ["netware", netware],
  ["pc", pc],
  ["vms", vms],
  ["mvs", mvs],
  ["os400", os400],
  ["zvm", zvm],
  ["nonstop", others.nonstop],
  ["eplf", others.eplf],
  ["vxworks", others.vxworks],
  ["vshell", others.vshell],
  ["wfftp", others.wfftp],
  ["os9", others.os9],
  ["unix-numeric", others.unixNumeric],
  ["connect-enterprise", others.connectEnterprise],
  ["mpe", others.mpe],
  ["mcp", others.mcp],
  ["vos", others.vos],
  ["gcos", others.gcos],
  ["tops20", others.tops20],
  ["dls", others.dls],
];

// Facts are compared where they are tested.
function withoutFacts(entry: FtpEntry | undefined): Partial<FtpEntry> | undefined {
  if (entry === undefined) return undefined;
  const { facts: _facts, ...rest } = entry;
  return rest;
}

for (const [format, samples] of [...ALL, ["mlsx", others.mlsx]] as const) {
  describe(`a line of ${format}`, () => {
    test.each(samples)("with $what is read: $line", (sample) => {
      const reader = new ListingReader({ now: () => NOW });
      const entry = reader.push(sample.line) ?? reader.end();
      expect(withoutFacts(entry)).toStrictEqual(expected(format, sample));
      expect(reader.unparsed).toEqual([]);
    });

    test.each(samples)("with $what is understood by no other format", ({ line }) => {
      const clock = new ListingClock(() => NOW);
      const takers = DIALECTS.filter((scanner) => scanner(line, clock, true) !== undefined);
      expect(takers.map(({ name }) => name)).toHaveLength(1);
    });
  });
}

test("lines of all formats may be mixed in one listing", () => {
  const reader = new ListingReader({ now: () => NOW });
  const samples = ALL.flatMap(([format, of]) => of.map((sample) => expected(format, sample)));
  // From every format something, again and again.
  const shuffled = samples
    .map((_, index) => samples[(index * 37) % samples.length])
    .filter((it) => it !== undefined);
  const entries = shuffled.map(({ raw = "" }) => reader.push(raw));
  expect([...entries, reader.end()].filter((entry) => entry !== undefined)).toStrictEqual(shuffled);
  expect(reader.unparsedCount).toBe(0);
});
