// Lines of a megabyte that are made to be slow: every scanner reads them in linear time.
import { describe, expect, test } from "vitest";
import { ListingClock } from "../../src/listing/clock.ts";
import { DIALECTS } from "../../src/listing/dialects.ts";
import { parseMlsx } from "../../src/listing/mlsx.ts";
import type { Scanner } from "../../src/listing/scanner.ts";
import { scanVmsContinuation } from "../../src/listing/vms.ts";
import { mvs, os400, vms, zvm } from "./samples/mainframes.ts";
import * as others from "./samples/others.ts";
import { unix } from "./samples/unix.ts";
import { dos, netware, os2, pc } from "./samples/windows.ts";

const MEGABYTE = 1_000_000;
const LIMIT = 100;

const PIECES = [
  " ",
  "a",
  "0",
  "9 ",
  "a ",
  ";",
  "; ",
  "a=;",
  " -> ",
  "1-",
  "1:",
  "Jan 1 ",
  "1 Jan ",
  "[A ",
  "> ",
  "? ",
  "i,",
  "日 ",
  "\0",
  " ;type=os.unix=slink:",
  "29-JAN-1996 ",
];

const clock = new ListingClock();
const samples = [unix, dos, os2, netware, pc, vms, mvs, os400, zvm, ...Object.values(others)].flat();

/** Lines that look to a scanner like its own for as long as possible. */
function beginnings(scanner: Scanner): string[] {
  const own = samples.filter(({ line }) => scanner(line, clock, true) !== undefined);
  const begun = own.flatMap(({ line, name }) => [line.slice(0, line.indexOf(name)), line.slice(0, 30), line]);
  return [...new Set(["", ...begun.filter((_, index) => index % Math.ceil(begun.length / 4) === 0)])];
}

function lineOf(beginning: string, piece: string): string {
  const bytes = Buffer.alloc(MEGABYTE, piece);
  bytes.write(beginning);
  // In one piece, as lines from the network are.
  return bytes.toString();
}

function milliseconds(scan: (line: string) => unknown, line: string): number {
  let best = Number.POSITIVE_INFINITY;
  // A pause of the machine is no slowness of the scanner.
  for (let run = 0; run < 4 && best > LIMIT / 2; run += 1) {
    const begin = performance.now();
    scan(line);
    best = Math.min(best, performance.now() - begin);
  }
  return best;
}

describe("a line of a megabyte takes less than 100 ms", () => {
  test.each(DIALECTS.map((scanner) => ({ name: scanner.name, scanner })))(
    "$name, whatever it holds",
    { timeout: 60_000 },
    ({ scanner }) => {
      for (const beginning of beginnings(scanner)) {
        for (const piece of PIECES) {
          const time = milliseconds((line) => scanner(line, clock, true), lineOf(beginning, piece));
          expect(time, `${beginning}${piece}${piece}...`).toBeLessThan(LIMIT);
        }
      }
    },
  );

  test.each(PIECES)("parseMlsx and scanVmsContinuation, if it repeats %j", { timeout: 60_000 }, (piece) => {
    for (const beginning of ["", "type=", "type=OS.unix=slink:", "type=file;modify=2000", "UNIX."]) {
      expect(milliseconds(parseMlsx, lineOf(beginning, piece))).toBeLessThan(LIMIT);
    }
    // The facts are parted when they are asked for.
    const facts = lineOf("a=b;", piece);
    expect(milliseconds((line) => parseMlsx(line)?.facts?.size, facts)).toBeLessThan(LIMIT * 5);
    const line = lineOf("", piece);
    expect(milliseconds((text) => scanVmsContinuation("A.TXT;1", text, clock), line)).toBeLessThan(LIMIT);
  });
});
