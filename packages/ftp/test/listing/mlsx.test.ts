// MLSD and MLST (RFC 3659 7): their facts, those of servers that know better, and names with everything in them.
import { describe, expect, test } from "vitest";
import type { FtpEntry } from "../../src/listing/entry.ts";
import { parseMlsx } from "../../src/listing/mlsx.ts";
import { ListingReader } from "../../src/listing/reader.ts";

function parsed(line: string): Partial<FtpEntry> {
  const entry = parseMlsx(line);
  if (entry === undefined) throw new Error("not understood");
  const { facts: _facts, raw, format, ...rest } = entry;
  expect([raw, format]).toEqual([line, "mlsx"]);
  return rest;
}

describe("a line of MLSD", () => {
  test.each<[string, string, Partial<FtpEntry>]>([
    [
      "with all of RFC 3659",
      "type=file;size=31415;modify=20010909014640;create=20010909014639;perm=adfrw;unique=aB1+c;lang=en; a",
      {
        name: "a",
        type: "file",
        size: 31_415,
        perm: "adfrw",
        unique: "aB1+c",
        ...at("2001-09-09T01:46:40Z"),
      },
    ],
    ["with names of facts in any case", "TyPe=DIR;sIzE=3; a", { name: "a", type: "directory", size: 3 }],
    ["of the directory itself", "type=cdir; /pub", { name: "/pub", type: "directory", special: "current" }],
    ["of the directory above", "type=pdir; /", { name: "/", type: "directory", special: "parent" }],
    [
      "of a directory called like itself",
      "type=dir; .",
      { name: ".", type: "directory", special: "current" },
    ],
    [
      "of a directory called like its parent",
      "type=dir; ..",
      { name: "..", type: "directory", special: "parent" },
    ],
    [
      "of a link that tells where it leads",
      "type=OS.unix=slink:/a/b; l",
      { name: "l", type: "symlink", linkTarget: "/a/b" },
    ],
    [
      "of a link that leads to spaces",
      "type=OS.unix=slink:/a b c;size=3; l x",
      { name: "l x", type: "symlink", linkTarget: "/a b c", size: 3 },
    ],
    [
      "of a link that leads to an equal sign",
      "type=OS.unix=slink:a=b:c; l",
      { name: "l", type: "symlink", linkTarget: "a=b:c" },
    ],
    ["of a link that does not tell", "type=OS.UNIX=symlink; l", { name: "l", type: "symlink" }],
    [
      "of a link with nothing behind its colon",
      "type=OS.unix=slink:; l",
      { name: "l", type: "symlink", linkTarget: "" },
    ],
    ["of a device", "type=OS.unix=chr-13/29; d", { name: "d", type: "device" }],
    ["of another device", "type=OS.unix=blkdev; d", { name: "d", type: "device" }],
    ["of a pipe", "type=OS.unix=fifo; p", { name: "p", type: "pipe" }],
    ["of a socket", "type=OS.unix=socket; s", { name: "s", type: "socket" }],
    ["of a type that another system has", "type=OS.mvs=PDS; s", { name: "s", type: "other" }],
    ["of a type that nobody has", "type=banana; s", { name: "s", type: "other" }],
    ["without a type", "size=3; s", { name: "s", type: "unknown", size: 3 }],
    ["without any facts", " nothing told", { name: "nothing told", type: "unknown" }],
    ["with the size of a directory", "type=dir;sizd=4096; d", { name: "d", type: "directory", size: 4096 }],
    [
      "with fractions of a second",
      "modify=20050607212233.5; m",
      { name: "m", type: "unknown", ...at("2005-06-07T21:22:33.500Z", "millisecond") },
    ],
    [
      "with many fractions of a second",
      "modify=20050607212233.123987; m",
      { name: "m", type: "unknown", ...at("2005-06-07T21:22:33.123Z", "millisecond") },
    ],
    [
      "with a year counted from 1900",
      "modify=191050607212233; m",
      { name: "m", type: "unknown", ...at("2005-06-07T21:22:33Z") },
    ],
    [
      "from before 1970",
      "modify=19681105165215; m",
      { name: "m", type: "unknown", ...at("1968-11-05T16:52:15Z") },
    ],
    [
      "with a leap second",
      "modify=20161231235960; m",
      { name: "m", type: "unknown", ...at("2017-01-01T00:00:00Z") },
    ],
    ["with permissions", "UNIX.mode=0644; m", { name: "m", type: "unknown", mode: 0o644 }],
    [
      "with permissions and the type's bits",
      "UNIX.mode=0104755; m",
      { name: "m", type: "unknown", mode: 0o4755 },
    ],
    [
      "with owner and group",
      "UNIX.owner=1000;UNIX.group=50; o",
      { name: "o", type: "unknown", owner: "1000", group: "50" },
    ],
    [
      "with numbers of owner and group",
      "UNIX.uid=0;UNIX.gid=0; o",
      { name: "o", type: "unknown", owner: "0", group: "0" },
    ],
    [
      "with numbers and names of owner and group",
      "UNIX.ownername=ada;UNIX.owner=7;UNIX.group=8;UNIX.groupname=staff; o",
      { name: "o", type: "unknown", owner: "ada", group: "staff" },
    ],
    ["with no permission", "perm=; p", { name: "p", type: "unknown", perm: "" }],
    ["with facts that nobody knows", "media-type=a/b;x=;=y;win32.ea=0x20; n", { name: "n", type: "unknown" }],
    [
      "with names that begin like known ones",
      "sizes=1;types=dir;modifyx=20050607212233;perms=r;unix.modes=7; n",
      { name: "n", type: "unknown" },
    ],
    ["with empty facts", ";;type=file;; n", { name: "n", type: "file" }],
    ["with spaces around the name", "type=file;   n  ", { name: "  n  ", type: "file" }],
    [
      "with semicolons and equal signs in the name",
      "type=file; a; type=dir; b=c",
      { name: "a; type=dir; b=c", type: "file" },
    ],
    ["with a tab before the name", "type=file;\tthe name; x", { name: "the name; x", type: "file" }],
    ["with a tab in the name", "type=file; \tx", { name: "\tx", type: "file" }],
    [
      "without the last semicolon, as in drafts",
      "type=file;size=3 the name",
      { name: "the name", type: "file", size: 3 },
    ],
    [
      "with a space in front, as in MLST",
      " type=dir;perm=e; /a b",
      { name: "/a b", type: "directory", perm: "e" },
    ],
    ["with an empty name", "type=file; ", { name: "", type: "file" }],
    ["with a name in UTF-8", "type=file; größer/日本", { name: "größer/日本", type: "file" }],
  ])("%s is read", (_what, line, entry) => {
    expect(parsed(line)).toStrictEqual(entry);
  });

  test.each([
    ["a size that is no number", "size=3x"],
    ["a negative size", "size=-3"],
    ["no size", "size="],
    ["a size that no number can hold", "size=99999999999999999999"],
    ["a thirteenth month", "modify=20051307212233"],
    ["a 30 February", "modify=20050230212233"],
    ["a 29 February in a common year", "modify=20050229212233"],
    ["an hour too much", "modify=20050607252233"],
    ["no seconds", "modify=200506072122"],
    ["too many digits", "modify=200506072122331"],
    ["a fraction without digits", "modify=20050607212233."],
    ["a fraction that is none", "modify=20050607212233.x"],
    ["letters for a time", "modify=yesterday"],
    ["a mode that is not octal", "UNIX.mode=0698"],
    ["no mode", "UNIX.mode="],
    ["a mode of too many digits", "UNIX.mode=00000000644"],
  ])("keeps its entry with %s", (_what, fact) => {
    expect(parsed(`type=file;${fact};perm=r; kept`)).toStrictEqual({ name: "kept", type: "file", perm: "r" });
  });

  test.each([
    ["nothing", ""],
    ["facts without a name", "type=file;size=3;"],
    ["a word", "name"],
    ["words", "two words"],
    ["no more than half a fact", "type=file"],
  ])("of %s is not understood", (_what, line) => {
    expect(parseMlsx(line)).toBeUndefined();
  });

  test("tells all its facts, by names in lower case, to those who ask", () => {
    const facts = parseMlsx("Type=file;Media-Type=a/b;X.y=;size=1=2;junk; n")?.facts;
    expect([...(facts ?? [])]).toEqual([
      ["type", "file"],
      ["media-type", "a/b"],
      ["x.y", ""],
      ["size", "1=2"],
    ]);
    expect(facts?.get("media-type")).toBe("a/b");
    expect(facts?.has("junk")).toBe(false);
    expect(facts?.size).toBe(4);
    const seen: string[] = [];
    facts?.forEach((value, name, all) => seen.push(`${name}=${value}/${String(all === facts)}`));
    expect(seen).toContain("x.y=/true");
    expect([...(facts?.keys() ?? [])]).toEqual(["type", "media-type", "x.y", "size"]);
    expect([...(facts?.values() ?? [])]).toEqual(["file", "a/b", "", "1=2"]);
    expect([...(facts?.entries() ?? [])]).toHaveLength(4);
  });

  test("has no facts if it told none", () => {
    expect(parseMlsx(" n")?.facts).toBeUndefined();
  });

  test("of values that repeat gets them right when they change", () => {
    const lines = ["ada", "bob", "", "ada", "a".repeat(40), "adb"].map(
      (owner) => `UNIX.owner=${owner};perm=r${owner}; n`,
    );
    expect(lines.map((line) => parsed(line).owner)).toEqual(["ada", "bob", "", "ada", "a".repeat(40), "adb"]);
    expect(lines.map((line) => parsed(line).perm)).toEqual([
      "rada",
      "rbob",
      "r",
      "rada",
      `r${"a".repeat(40)}`,
      "radb",
    ]);
  });
});

describe("a reader of MLSD", () => {
  test("reads lines of MLSD, and surfaces all others", () => {
    const reader = new ListingReader({ format: "mlsx" });
    expect(reader.push("type=dir; a")).toMatchObject({ name: "a" });
    expect(reader.push(" b")).toMatchObject({ name: "b" });
    expect(reader.push("-rw-r--r-- 1 root wheel 531 Jan 29 03:26 file")).toBeUndefined();
    expect(reader.push("")).toBeUndefined();
    expect(reader.end()).toBeUndefined();
    expect(reader.unparsed).toEqual(["-rw-r--r-- 1 root wheel 531 Jan 29 03:26 file"]);
  });

  test("knows that its times are UTC, wherever the server is", () => {
    const reader = new ListingReader({ format: "mlsx", utcOffset: 120 });
    expect(reader.push("modify=20050607212233; m")?.modifiedAt).toEqual(new Date("2005-06-07T21:22:33Z"));
  });
});

function at(time: string, modifiedPrecision: "second" | "millisecond" = "second"): Partial<FtpEntry> {
  return { modifiedAt: new Date(time), modifiedPrecision };
}
