// Headers read off messages: fields, and what is left of the message, whatever its line ends.
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, test, vi } from "vitest";
import { splitHeader } from "../src/header.ts";
import { isLinear, repeated } from "./linear-time.ts";

vi.setConfig({ testTimeout: 60_000 });

const MIB = 1_048_576;

interface Read {
  /** Name, equals sign, value. */
  readonly fields: string[];
  readonly left: string;
  readonly removed: number;
}

async function read(text: string): Promise<Read> {
  const message = Buffer.from(text, "latin1");
  const { fields, content, removed } = await splitHeader(message);
  if (!(content instanceof Uint8Array)) throw new Error("bytes went in, and no bytes came out");
  const left = Buffer.from(content).toString("latin1");
  return { fields: fields.map(({ name, value }) => `${name}=${value}`), left, removed };
}

describe("the fields of a header", () => {
  test.each<[string, string[]]>([
    ["", []],
    ["A: b", ["a=b"]],
    ["A: b\r\n", ["a=b"]],
    ["A: b\r\n\r\nC: d", ["a=b"]],
    ["A: b\nC: d\n\nE: f", ["a=b", "c=d"]],
    ["A: b\rC: d\r\rE: f", ["a=b", "c=d"]],
    ["A: b\r\nC: d\n\rE: f", ["a=b", "c=d"]],
    ["A: b\r\r\nE: f", ["a=b"]],
    ["A: b\n\r\nE: f", ["a=b"]],
    ["\r\nA: b\r\n", []],
    ["\nA: b", []],
    ["\rA: b", []],
    ["SUBJECT:x", ["subject=x"]],
    ["A:", ["a="]],
    ["A: \t ", ["a="]],
    ["A: : b:c ", ["a=: b:c"]],
    ["A : b\nC\t \t: d", ["a=b", "c=d"]],
    ["!~'%: b", ["!~'%=b"]],
    ["A: b\r\n c\r\n\td\r\nE: f", ["a=b c\td", "e=f"]],
    ["A: b\r c\n d", ["a=b c d"]],
    ["A:\r\n b", ["a=b"]],
    ["A: b \r\n  c", ["a=b   c"]],
    ["A: b\r\n \r\n c\r\n\r\nd", ["a=b  c"]],
    ["A: b\r\n \r\n\r\nC: d", ["a=b"]],
    ["A: b\r\nno field\r\nC: d\r\n", ["a=b", "c=d"]],
    ["A: b\r\nno field\r\n of: c\r\nC: d\r\n", ["a=b", "c=d"]],
    ["A: b\r\n: c\r\nD: e", ["a=b", "d=e"]],
    ["A: b\r\nC d: e\r\nF: g", ["a=b", "f=g"]],
    ["A: b\r\nC\xfc: e\r\nF: g", ["a=b", "f=g"]],
    ["A: b\r\nA: c", ["a=b", "a=c"]],
    ["A: \0", ["a=\0"]],
  ])("%j: %j", async (text, fields) => {
    expect(await read(text)).toEqual({ fields, left: text, removed: 0 });
  });

  test("are decoded as UTF-8, as far as they are", async () => {
    const { fields } = await splitHeader(
      Buffer.concat([Buffer.from("A: grün 用户\r\nB: gr"), Buffer.of(0xfc, 0x6e)]),
    );
    expect(fields).toEqual([
      { name: "a", value: "grün 用户" },
      { name: "b", value: "gr\ufffdn" },
    ]);
  });
});

describe("a message has no header", () => {
  test.each([
    "Hello\r\nTo: a@x\r\n\r\n",
    "From alice@x Sat Jan  3 01:05:34 1996\r\nTo: a@x\r\n\r\n",
    ">From : x\n y: z".replace(">From :", ">From x"),
    " A: b\r\nTo: a@x\r\n",
    ": b\r\nTo: a@x\r\n",
    "A b: c\r\nTo: a@x\r\n",
    "\xef\xbb\xbfA: b\r\nTo: a@x\r\n",
    "\u007fA: b\r\nTo: a@x\r\n",
    "A\0: b\r\nTo: a@x\r\n",
    "x".repeat(2 * MIB),
    `${"x".repeat(MIB)}: y`,
    `${"x".repeat(2 * MIB)}\r\nTo: a@x`,
    "\n".repeat(2 * MIB),
  ])("where its first line is none of one: %.40j", async (text) => {
    expect(await read(text)).toEqual({ fields: [], left: text, removed: 0 });
  });
});

describe("Bcc and Resent-Bcc are removed", () => {
  test.each<[string, string]>([
    ["Bcc: b@x\r\n\r\nbody", "\r\nbody"],
    ["Bcc: b@x\n\nbody", "\nbody"],
    ["Bcc: b@x", ""],
    ["Bcc:", ""],
    ["A: b\r\nBcc: b@x\r\nC: d\r\n\r\nbody", "A: b\r\nC: d\r\n\r\nbody"],
    ["A: b\nbCC : b@x\nC: d\n\nbody", "A: b\nC: d\n\nbody"],
    ["A: b\rBcc: b@x\rC: d\r\rbody", "A: b\rC: d\r\rbody"],
    ["A: b\r\nBcc: b@x\r\n c@x\r\n\td@x\r\nC: d\r\n", "A: b\r\nC: d\r\n"],
    ["A: b\r\nBcc:\r\n b@x\r\n \r\n c@x\r\n\r\n d", "A: b\r\n\r\n d"],
    ["Bcc: b@x\r\nBcc: c@x\r\nA: b\r\nBcc: d@x", "A: b\r\n"],
    ["Resent-Bcc: b@x\r\nA: b\r\nRESENT-BCC: b@x\r\n\r\n", "A: b\r\n\r\n"],
    ["A: b\r\nno field\r\nBcc: b@x\r\n\r\n", "A: b\r\nno field\r\n\r\n"],
    ["A: b\r\nBcc: b@x\r\nno field\r\n c\r\n\r\n", "A: b\r\nno field\r\n c\r\n\r\n"],
    ["A: b\r\nBcc: b@x\r\n\r\nBcc: c@x\r\n", "A: b\r\n\r\nBcc: c@x\r\n"],
    ["A: b\r\n c\r\nBcc: \0\xff\r\nC: \0\xff\r\n\r\n\0\xff", "A: b\r\n c\r\nC: \0\xff\r\n\r\n\0\xff"],
  ])("from %j", async (text, left) => {
    expect(await read(text)).toMatchObject({ left, removed: text.length - left.length });
  });

  test.each(["\r", "\n", "\r\n", "\r\n\t\r", "\n \n"])(
    "although they stand behind a line that ends in %j",
    async (end) => {
      const { left, fields } = await read(`Subject: x${end}Bcc: b@x${end}\r\n\r\nbody`);
      expect(left).not.toContain("b@x");
      expect(fields).toContain("bcc=b@x");
    },
  );

  test.each(["Bccx: b@x", "X-Bcc: b@x", "Bc: b@x", "Resent-Bccs: b@x", "B cc: b@x", "A: b\r\n Bcc: b@x"])(
    "and not %j",
    async (line) => {
      expect(await read(`C: d\r\n${line}\r\n\r\n`)).toMatchObject({
        left: `C: d\r\n${line}\r\n\r\n`,
        removed: 0,
      });
    },
  );

  test("and what stood around them is no other line end than before", async () => {
    // A CR before it and a LF behind it would be one CRLF, and the body a header.
    expect(await read("A: b\rBcc: b@x\n\nTo: evil@x")).toMatchObject({
      left: "A: b\r\n\nTo: evil@x",
      removed: 8,
    });
    expect(await read("A: b\rBcc: b@x\nBcc: c@x\r\n\nTo: e@x")).toMatchObject({ left: "A: b\r\n\nTo: e@x" });
  });
});

describe("content comes out", () => {
  test("as the very bytes that came in, where nothing is removed", async () => {
    const message = new Uint8Array(Buffer.from("A: b\r\n\r\nbody"));
    expect((await splitHeader(message)).content).toBe(message);
  });

  test("as bytes for a string", async () => {
    const { content, fields } = await splitHeader("A: ü\r\nBcc: ü@x\r\n\r\ngrün");
    expect(content).toEqual(Buffer.from("A: ü\r\n\r\ngrün"));
    expect(fields[0]).toEqual({ name: "a", value: "ü" });
  });

  test("without a change to what came in", async () => {
    const message = Buffer.from("A: b\r\nBcc: b@x\r\n\r\nbody");
    await splitHeader(message);
    expect(message.toString()).toBe("A: b\r\nBcc: b@x\r\n\r\nbody");
  });
});

/** A field of that many bytes. */
function long(bytes: number): string {
  return `A: ${"x".repeat(bytes - 3)}`;
}

describe("a header of a megabyte", () => {
  test("is read", async () => {
    for (const text of [long(MIB), `${long(MIB - 2)}\r\n\r\nbody`, `Bcc: x\r\n${long(MIB - 9)}\n\nbody`]) {
      const { left, removed } = await read(text);
      expect(left.length + removed).toBe(text.length);
    }
  });

  test.each([
    ["in one line", long(MIB + 1)],
    ["in one line with an end behind it", `${long(MIB - 1)}\r\n\r\nbody`],
    ["in short ones", "A: b\r\n".repeat(200_000)],
    ["in lines that are none", `A: b\r\n${"c\n".repeat(MIB)}`],
    ["in a folded one", `A: b\r\n${" c\r\n".repeat(MIB / 4)}`],
  ])("and more %s is refused", async (_, text) => {
    const failure = new ArgumentError(
      "the header of the message is longer than 1048576 bytes; nothing was sent",
    );
    await expect(splitHeader(text)).rejects.toEqual(failure);
    await expect(splitHeader(Buffer.from(text))).rejects.toEqual(failure);
  });
});

// All messages of a few pieces, against the same rules put plainly.
function plainly(text: string): { fields: string[]; left: string } {
  const lines = text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
  const isField = /^([!-9;-~]+)[ \t]*:([^\r\n]*)/;
  if (!isField.test(lines[0] ?? "")) return { fields: [], left: text };
  const fields: string[] = [];
  let left = "";
  let mode = "kept";
  for (const [index, line] of lines.entries()) {
    if (/^[\r\n]/.test(line)) {
      // Kept apart: what is read again must be the same header and the same body.
      const apart = left.endsWith("\r") && line === "\n" ? "\n" : "";
      return { fields, left: left + apart + lines.slice(index).join("") };
    }
    const [, name, value = ""] = isField.exec(line) ?? [];
    const bare = line.replace(/[\r\n]+$/, "");
    if (/^[ \t]/.test(line)) {
      if (mode !== "none") fields.push(`${fields.pop()}${bare}`);
    } else if (name === undefined) {
      mode = "none";
    } else {
      fields.push(`${name.toLowerCase()}=${value}`);
      mode = /^bcc$/i.test(name) ? "removed" : "kept";
    }
    if (mode !== "removed") left += line;
  }
  return { fields, left };
}

test("all messages of a few pieces are read as the rules say, and read again alike", async () => {
  const pieces = ["\r", "\n", "\r\n", "a:b", "Bcc:x", " c", "d"];
  const wrong: unknown[] = [];
  let removals = 0;
  let texts = [""];
  for (let length = 0; length <= 6; length += 1) {
    for (const text of texts) {
      const found = await read(text);
      const rules = plainly(text);
      const isRead = found.left === rules.left && found.fields.join("|") === rules.fields.join("|");
      if (!isRead || found.left.length + found.removed !== text.length) wrong.push({ text, found, rules });
      if (found.removed === 0) continue;
      removals += 1;
      const again = await read(found.left);
      const open = found.fields.filter((field) => !field.startsWith("bcc="));
      // Without its first field, a header may be none.
      if (again.fields.length > 0 && again.fields.join("|") !== open.join("|"))
        wrong.push({ text, found, again });
    }
    if (length < 6) texts = texts.flatMap((text) => pieces.map((piece) => text + piece));
  }
  expect(wrong).toEqual([]);
  expect(removals).toBeGreaterThan(10_000);
});

test.each([
  ["short fields", repeated("A: b\r\n")],
  ["secret fields", repeated("Bcc: b\r\n")],
  ["secret and other fields", repeated("Bcc: b\rA: b\n")],
  ["folds", (length: number): string => `A: b${repeated("\n c")(length)}`],
  ["blanks", (length: number): string => `A:${" ".repeat(length)}b`],
  ["blanks before a colon", (length: number): string => `A${" ".repeat(length)}b:`],
  ["a name", repeated("A")],
  ["colons", (length: number): string => `A${":".repeat(length)}`],
  ["CR", (length: number): string => `A: b\n${"c\r".repeat(length / 2)}`],
  ["lines that are none", (length: number): string => `A: b\n${"c\n".repeat(length / 2)}`],
])("a megabyte of %s takes linear time", async (_, textOf) => {
  expect(await isLinear(textOf, splitHeader)).toBe(true);
});
