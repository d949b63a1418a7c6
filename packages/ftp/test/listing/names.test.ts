// Names are never altered: whatever a name is made of, it comes out as it went in.
import { expect, test } from "vitest";
import { ListingReader } from "../../src/listing/reader.ts";

const PIECES = [
  " ",
  "  ",
  "\t",
  "a",
  "Z",
  "0",
  "1999",
  "12:30",
  "Jan  1",
  "-",
  "->",
  ";",
  "=",
  "type=dir;",
  ",",
  ".",
  "..",
  "/",
  "\\",
  '"',
  "'",
  "[",
  "]",
  "<DIR>",
  "*",
  "+",
  "é",
  "é".normalize("NFD"),
  "日本",
  "😀",
  "\u00A0",
  "\u3000",
  "\u202E",
  "\uFFFD",
  "\uD800",
  "\u0001",
];

/** Numbers from 0 to below a bound, the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function someNames(seed: number, count: number): string[] {
  const next = numbers(seed);
  const name = (): string =>
    Array.from({ length: 1 + next(6) }, () => PIECES[next(PIECES.length)] ?? "").join("");
  return [...PIECES, ...PIECES.map((piece) => ` ${piece} `), ...Array.from({ length: count }, name)];
}

// Formats whose names may be anything, with the line that a name is in. A slash behind a name of VShell's is a mark.
const FORMATS: readonly { readonly format: string; readonly line: (name: string) => string }[] = [
  {
    format: "unix, with a year",
    line: (name) => `-rw-r--r--   1 root     wheel       12 Jan  1  2000 ${name}`,
  },
  {
    format: "unix, with a time",
    line: (name) => `drwxr-xr-x   1 root     wheel       12 Jun 30 12:00 ${name}`,
  },
  { format: "unix, without a group", line: (name) => `-rw-r--r--   1 root     12 Jan  1  2000 ${name}` },
  { format: "unix, day first", line: (name) => `-rw-r--r--   1 root     wheel   12 1 jan 2000 ${name}` },
  { format: "unix, long-iso", line: (name) => `-rw-r--r-- 1 root wheel 12 2000-01-01 12:00 ${name}` },
  {
    format: "unix, full-iso",
    line: (name) => `-rw-r--r-- 1 root wheel 12 2000-01-01 12:00:00.00 +0000 ${name}`,
  },
  {
    format: "unix, of a device",
    line: (name) => `brw-r--r--   1 root     disk    8,   1 Jan  1  2000 ${name}`,
  },
  { format: "MLSD", line: (name) => `type=file;size=12;modify=20000101000000; ${name}` },
  { format: "MLSD, without facts that are known", line: (name) => `x.y=z; ${name}` },
  { format: "IIS, of a file", line: (name) => `04-06-00  03:47PM                   12 ${name}` },
  { format: "IIS, of a directory", line: (name) => `04-06-00  03:47PM       <DIR>          ${name}` },
  { format: "EPLF", line: (name) => `+r,s12,\t${name}` },
  { format: "OS/2", line: (name) => `               12      A          04-23-103  10:57  ${name}` },
  { format: "NetWare", line: (name) => `- [RWCEAFMS] rhesus       12       Oct 20 15:27    ${name}` },
  { format: "Connect:Enterprise", line: (name) => `-C--E-----FTP B ACME     7670  12 Jan 13 07:42 ${name}` },
  { format: "VShell", line: (name) => `12  Apr 04, 2000 21:06 ${name.endsWith("/") ? "x" : name}` },
];

test.each(FORMATS)("a line of $format keeps a name of whatever characters", ({ format, line }) => {
  const reader = new ListingReader({ now: () => new Date("2026-07-15T12:00:00Z") });
  for (const name of someNames(20_260_715, 3000)) {
    const raw = line(name);
    const entry = reader.push(raw);
    const isMarked = format === "VShell" && name.endsWith("/");
    expect([entry?.name, entry?.raw]).toEqual([isMarked ? "x" : name, raw]);
  }
  expect(reader.unparsedCount).toBe(0);
});

test("a link keeps both of its names, told apart by the size, whatever they are", () => {
  const reader = new ListingReader();
  const targets = someNames(4, 500);
  for (const [index, name] of someNames(3, 500).entries()) {
    const target = targets[index] ?? "";
    const bytes = Buffer.byteLength(target);
    const line = `lrwxrwxrwx   1 root     wheel       ${bytes} Jan  1  2000 ${name} -> ${target}`;
    // A lone half of a surrogate pair is no text that a server could have sent.
    if (/[\uD800-\uDFFF]/u.test(name + target)) continue;
    expect(reader.push(line)).toMatchObject({ name, linkTarget: target });
  }
});

test("lines of random pieces never make a reader throw", () => {
  const next = numbers(99);
  const pieces = [
    ...PIECES,
    "-rw-r--r--",
    "drwxr-xr-x",
    "1",
    "root",
    "04-06-00",
    "03:47PM",
    "2000/01/01",
    "29-JAN-1996",
    "NAME.TXT;1",
    "*FILE",
    "3390",
    "PO",
    "[A,B]",
    "(RWE)",
    "JOB00001",
    "OUTPUT",
    "'",
    "+r,\t",
    "d [RWCEAFMS]",
  ];
  const reader = new ListingReader();
  for (let index = 0; index < 20_000; index += 1) {
    const line = Array.from({ length: 1 + next(12) }, () => pieces[next(pieces.length)] ?? "").join(
      next(3) === 0 ? "" : " ",
    );
    const entry = reader.push(line);
    if (entry === undefined) continue;
    expect(typeof entry.name).toBe("string");
    expect(Number.isSafeInteger(entry.size ?? 0)).toBe(true);
    expect(Number.isNaN(entry.modifiedAt?.getTime() ?? 0)).toBe(false);
  }
});
