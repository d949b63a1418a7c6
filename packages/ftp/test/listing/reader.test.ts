// A reader of listings: entries of several lines, headings, time zones, years, own parsers, and what nobody reads.
import { describe, expect, test } from "vitest";
import type { FtpEntry } from "../../src/listing/entry.ts";
import { ListingReader, type ListingReaderOptions, parseListingLine } from "../../src/listing/reader.ts";

function atNow(): Date {
  return new Date("2026-07-15T12:00:00Z");
}

function readAll(
  lines: readonly string[],
  options: ListingReaderOptions = {},
): { entries: FtpEntry[]; unparsed: readonly string[] } {
  const reader = new ListingReader({ now: atNow, ...options });
  const entries = [...lines.map((line) => reader.push(line)), reader.end()].filter(
    (entry) => entry !== undefined,
  );
  return { entries, unparsed: reader.unparsed };
}

const names = (lines: readonly string[]): string[] => readAll(lines).entries.map(({ name }) => name);

const FILE = "-rw-r--r--   1 root     wheel        1048 Mar  9 07:41 unix.txt";
const DOS = "04-06-00  03:47PM                  589 dos.txt";

describe("headings and totals", () => {
  test.each([
    ["total 48"],
    ["total 1.2M"],
    ["insgesamt 4"],
    ["gesamt 0"],
    ["totale 12"],
    ["total de 4"],
    ["итого 12"],
    ["合計 4"],
    ["总用量 8"],
    [""],
    ["   "],
    ["Directory DISK$USER:[ADA.FTP]"],
    ["SYS$SYSDEVICE:[ANONYMOUS]"],
    ["Total of 6 files, 1582 blocks."],
    ["Grand total of 87 directories, 2593 files."],
    ["Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname"],
    [" Name     VV.MM   Created       Changed      Size  Init   Mod   Id"],
    ["JOBNAME  JOBID    OWNER    STATUS CLASS"],
    ["--------"],
    ["         ID  STEPNAME PROCSTEP C DDNAME   BYTE-COUNT"],
    ["3 spool files"],
    ["File         Code             EOF  Last Modification    Owner  RWEP"],
    ["Filename FileType  Fm Format Lrecl  Records Blocks Date      Time"],
    ["  size          date       time       name"],
    ["  Owner   Last modified  Attributes Sector Bytecount Name"],
    [" Directory of 1:"],
    ["  33554432 bytes - Total size"],
    [" Volume in drive C is System"],
    ["               2 File(s)          1,391 bytes"],
    ["Report for: (UC)A ON PACK"],
    ["          6 Files     504 Octets"],
    ["Files: 4  Blocks: 609"],
    ["Dirs: 0"],
    [" PATH= /FTPGUEST/PUB/"],
    [" CODE  ------------LOGICAL RECORD-----------  ----SPACE----  FILENAME"],
    ["         SIZE  TYP        EOF      LIMIT R/B  SECTORS #X MX"],
    ["Total Number of batches listed: 5"],
  ])("such as %j are neither entries nor unparsed", (line) => {
    expect(readAll([line])).toEqual({ entries: [], unparsed: [] });
  });

  test("make a word that stands alone a member, but only under their own", () => {
    const title = "Name     VV.MM   Created       Changed      Size  Init   Mod   Id";
    expect(readAll([title, "MEMBER1", "MEMBER2"]).entries.map(({ name, format }) => [name, format])).toEqual([
      ["MEMBER1", "mvs"],
      ["MEMBER2", "mvs"],
    ]);
    expect(readAll(["MEMBER1"]).unparsed).toEqual(["MEMBER1"]);
    expect(readAll([title, "--------", "MEMBER1"]).unparsed).toEqual(["MEMBER1"]);
  });

  test("make the output of a job what it is", () => {
    const lines = [
      "JOBNAME  JOBID    OWNER    STATUS CLASS",
      "USER1A   JOB00061 USER1    OUTPUT A        RC=0000",
      "--------",
      "         ID  STEPNAME PROCSTEP C DDNAME   BYTE-COUNT",
      "         001 JES2              A JESMSGLG      1200",
      "         102 STEP1    PROC1    H SYSUT2         526",
      "2 spool files",
    ];
    expect(readAll(lines).entries.map(({ name, size }) => [name, size])).toEqual([
      ["JOB00061", undefined],
      ["001", 1200],
      ["102", 526],
    ]);
    expect(readAll(lines.slice(4, 5)).entries).toEqual([]);
  });
});

describe("an entry of two lines", () => {
  const first = "A-VERY-LONG-NAME-INDEED.WITH-A-LONG-TYPE;1";
  const second = "                   213/216  29-JAN-1996 03:33  [ANON,FTP] (RWED,RWED,,)";

  test("is complete with the second", () => {
    const reader = new ListingReader();
    expect(reader.push(first)).toBeUndefined();
    expect(reader.push(second)).toStrictEqual({
      name: first,
      type: "file",
      modifiedAt: new Date("1996-01-29T03:33:00Z"),
      modifiedPrecision: "minute",
      owner: "FTP",
      group: "ANON",
      raw: `${first}\n${second}`,
      format: "vms",
    });
    expect(reader.end()).toBeUndefined();
  });

  test("may begin its second line without a space, and be a directory", () => {
    const { entries } = readAll(["LONG-DIRECTORY.DIR;1", "10     2-JUL-2003 10:30:08.59  [FTP_CLIENT,SCOT]"]);
    expect(entries).toMatchObject([{ name: "LONG-DIRECTORY", type: "directory", owner: "SCOT" }]);
  });

  test("may tell on its second line why it tells nothing", () => {
    const { entries } = readAll([first, "                  %RMS-E-PRV, insufficient privilege"]);
    expect(entries).toMatchObject([{ name: first, type: "file" }]);
  });

  test("that has no second line is an entry all the same, and the order stays", () => {
    expect(names([first, FILE, DOS])).toEqual([first, "unix.txt", "dos.txt"]);
    expect(names([first, "B.TXT;1", "C.DIR;3", second])).toEqual([first, "B.TXT;1", "C"]);
    expect(names([first, FILE, "B.TXT;1", second, DOS])).toEqual([first, "unix.txt", "B.TXT;1", "dos.txt"]);
    expect(names([first, "total 3", "", FILE])).toEqual([first, "unix.txt"]);
    expect(names([first, FILE, "B.TXT;1"])).toEqual([first, "unix.txt", "B.TXT;1"]);
    expect(readAll([first, "garbage in between", FILE])).toMatchObject({
      entries: [{ name: first }, { name: "unix.txt" }],
      unparsed: ["garbage in between"],
    });
  });

  test("is given back by the end, and only once", () => {
    const reader = new ListingReader();
    expect(reader.push(first)).toBeUndefined();
    expect(reader.end()).toStrictEqual({ name: first, type: "file", raw: first, format: "vms" });
    expect(reader.end()).toBeUndefined();
    expect(reader.push(FILE)).toMatchObject({ name: "unix.txt" });
  });
});

describe("lines that nobody understands", () => {
  test("are surfaced, in their order", () => {
    const seen: string[] = [];
    const lines = ["ls: cannot open directory '.': Permission denied", FILE, "./sub:", "just a name"];
    const { entries, unparsed } = readAll(lines, { onUnparsed: (line) => seen.push(line) });
    expect(entries).toHaveLength(1);
    expect(unparsed).toEqual([lines[0], lines[2], lines[3]]);
    expect(seen).toEqual(unparsed);
  });

  test("are all counted and reported, but only the first hundred are kept", () => {
    let seen = 0;
    const reader = new ListingReader({ onUnparsed: () => (seen += 1) });
    for (let index = 0; index < 1000; index += 1) reader.push(`line ${index}`);
    expect(reader.unparsed).toHaveLength(100);
    expect(reader.unparsed[99]).toBe("line 99");
    expect(reader.unparsedCount).toBe(1000);
    expect(seen).toBe(1000);
  });

  test.each([
    ["zrwxr-xr-x   2 root     wheel        8192 Apr  3 16:14 no type"],
    ["dxrwr-xr-x   2 root     wheel        8192 Apr  3  2002 no permissions"],
    ["-rw-r--r--   1 25       staff      204:37 Apr  3  2002 no size"],
    ["-rw-r--r--xx 1 25       staff      20437 Apr  3  2002 no mark"],
    ["-rw-r--r--"],
    ["-rw-r--r-- "],
    ["-rw-r--r--   1 root     root"],
    ["04-06-00  03:47XM                  589 no time"],
    ["04-06-00  03:47PM                  5x9 no size"],
    ["04-06-00  03:47PM       <DUR>          no mark"],
    ["04-06-00"],
    ["+i2049.77,m1000000000,r,s9041"],
    ["d [RWCEAFMS] owner"],
    ["NAME.TXT;1 and more words"],
    ["ADA GRP          8192 05/29/01 08:17:40 *DIR       home/"],
    ["Migrated"],
    ["MigratedOLD.LISTING"],
    ["w    158 stm       90-05-19"],
    ["drwx------"],
    ["-????????? ? ? ? secret"],
    ["4.12   03/10/08 10:26   d-ewrewr    2650      85920 CMDS"],
    ["4.12   03/10/08 1026   d-ewrewx    2650      85920 CMDS"],
    ["4.12   03/13/08 2145"],
    ["0100644   500  101   12345    yesterday       name"],
    ["0770644   500  101   12345    123456789       name"],
    ["206876  Apr 04 2000 21:06 name"],
    ["206876  Foo 04, 2000 21:06 name"],
    ["startup.cfg          2116  03/06/03  Someday    07:38:50"],
    ["startup.cfg          2116  03-06/03  Thur.    07:38:50"],
    ["-C--E-----FTP B ACME         7670  many Jan 13 07:42 name"],
    ["-C--E-----FTP B ACME         7670  1294495 Foo 1x 07:42 name"],
    ["-C--e-----FTP B ACME         7670  1294495 Jan 13 07:42 name"],
    ["ACME    00000020 00000152 <name       990926-1431 CD   FTP ASC"],
    ["ACME    00000020 00000152 <name>      990926+1431 CD   FTP ASC"],
    ["          16W  HBD          0   67107839   1       32  1  *  two names"],
    ["          16W  HBD          0   67107839   1       32  1  *"],
    ["A/B/C                   SEQDATA    84 06/09/1998  noon"],
    ["04-07-13 21:15:43  logs"],
    ["04-07-13 21:15:43  logs ->  nowhere"],
    ["- rwx r-x ---        1280 05:06:98 10:12:10  uid           testbcd"],
    ["<ACC>LOGIN.CMD.1;P777700"],
    ["<ACC>LOGIN.CMD.1"],
    ["WELCOME  EREADME  F         80         21          1 1999-12-27 4pm"],
    ["HARRINGT          DIR        1          -          - 1997-02-12 15:33:28 -"],
    ["welcome  ereadme  F         80         21          1 1999-12-27 16:19:00 -"],
    ["05/20/2000 13:38:19 X  1      65758 'name'"],
    ["QPGMR           many  18.09.06 14:21:26 *STMF      report.txt"],
    ["/QDLS/ARM          0 11/30/95 07:19 AM DIR x"],
    ["ALV           1x1             2522 27-Aug-02 13:57:10 155,106"],
    ["ALV           101             2522 27-Aug-02 13:57:10 155.106"],
    ["     2048    Feb-31st-1998  05:23:30   name"],
    ["     36611      A    HELLO   04-23-103  10:57  name"],
    ["IBMUSER1  JOB01906  BANANAS"],
    ["WPTA01 3390   yesterday   1    3  FB      80  3120  PO  JCL.CNTL"],
    ["WPTA01 33   2004/03/04  1    3  FB      80  3120  PO  JCL.CNTL"],
    ["WPTA01 3390   2004/03/04  1    3  FB      80  3120  XX  JCL.CNTL"],
    ["AJLIST    01.08 1994/04/07 yesterday 15:25     5    18     0 KSJ"],
    ["IEFBR14   000008 000411          XX FO"],
    ["NAME.TXT;1 155/156 yesterday"],
    ["README              763  sometime"],
    ["README              many  Jun 11 21:05"],
    ["README.TXT            1045      05-10-95        noon"],
    ["README.TXT       1045      May 10 95 11:01"],
    ["README.TXT       1045      May 10 1995 11:01   RHA more"],
    ["prog1    exec     2,563,136 06-10-99  10:00a"],
    ["     40774              IO.SYS   Tue Foo 31 06:22:00 1994"],
    ["-wa--          23  Foo 29,2002  18:42  name"],
    ["a"],
    ["\0"],
    ["<html>"],
    ["=;"],
    ["=; x"],
  ])("such as %j are no entries", (line) => {
    expect(readAll([line])).toEqual({ entries: [], unparsed: [line] });
  });
});

function ownParser(line: string): FtpEntry | "heading" | undefined {
  if (line.startsWith("#")) return "heading";
  if (!line.startsWith("own ")) return undefined;
  return { name: line.slice(4), type: "file", raw: line, format: "custom" };
}

function greedyParser(line: string): FtpEntry {
  return { name: line, type: "other", raw: line, format: "custom" };
}

describe("a parser of one's own", () => {
  test("is asked first, and leaves to the others what it does not know", () => {
    const { entries, unparsed } = readAll(["# title", "own one", FILE, "own two", "else"], {
      parser: ownParser,
    });
    expect(entries.map(({ name, format }) => [name, format])).toEqual([
      ["one", "custom"],
      ["unix.txt", "unix"],
      ["two", "custom"],
    ]);
    expect(unparsed).toEqual(["else"]);
  });

  test("may take lines that others would understand", () => {
    expect(readAll([FILE], { parser: greedyParser }).entries).toMatchObject([{ name: FILE, type: "other" }]);
  });
});

test("a single line is read with all it needs", () => {
  expect(parseListingLine("ALONE.TXT;1")).toMatchObject({ name: "ALONE.TXT;1", format: "vms" });
  expect(parseListingLine("nothing of a listing")).toBeUndefined();
});
