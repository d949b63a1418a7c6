// Text transfers and names: line ends, encodings, and what names may look like.
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as tick } from "node:timers/promises";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { withCrlf } from "../src/ascii.ts";
import { loggedIn, pattern, refuseUnhandled } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";

refuseUnhandled();

/** Some text in all ways to cut it in two, and byte by byte. */
function* cuts(text: string): Generator<string[]> {
  for (let at = 0; at <= text.length; at += 1) yield [text.slice(0, at), text.slice(at)];
  yield Array.from(text);
  yield Array.from(text).flatMap((character) => ["", character]);
}

async function converted(content: Iterable<string>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of withCrlf(content)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test.each([
  ["", ""],
  ["a", "a"],
  ["\n", "\r\n"],
  ["a\nb", "a\r\nb"],
  ["a\r\nb\n", "a\r\nb\r\n"],
  ["\n\n\r\n\r\r\n\n", "\r\n\r\n\r\n\r\r\n\r\n"],
  ["a\rb\r", "a\rb\r"],
  ["ü\nö\r\n", "ü\r\nö\r\n"],
])("the text %j is %j on the wire, wherever its chunks end", async (text, expected) => {
  for (const chunks of cuts(text)) expect(await converted(chunks)).toBe(expected);
});

describe("lines", () => {
  test("go up with CRLF, and come down without their ends", async () => {
    await using fixture = await onOwnServer();
    const { session, put, get } = fixture;
    const result = await session.storLines("STOR a", ["one\ntwo\r", "\nthree\n", "", "four"]);
    expect(result).toMatchObject({ bytes: "one\r\ntwo\r\nthree\r\nfour".length });
    // This server's own lines end with LF.
    expect((await get("a")).toString()).toBe("one\ntwo\nthree\nfour");
    const lines: string[] = [];
    await session.retrLines("RETR a", (line) => lines.push(line));
    expect(lines).toEqual(["one", "two", "three", "four"]);
    await put("b", "");
    await session.retrLines("RETR b", (line) => lines.push(line));
    expect(lines).toHaveLength(4);
  });

  test.each([
    ["a\r\nb\r\n", ["a", "b"]],
    ["a\nb", ["a", "b"]],
    ["\r\n\r\n", ["", ""]],
    ["größe\r\n", ["größe"]],
    ["", []],
  ])("of %j are %j, wherever the segments end", async (text, expected) => {
    const bytes = Buffer.from(text);
    const places = [...bytes.keys()];
    await using fixture = await loggedIn(async (ftp) => {
      for (const place of [0, ...places]) {
        const port = await ftp.passive();
        await ftp.answer("RETR a", "150 here");
        const data = await port.connected();
        if (bytes.length > 0) await data.sendSplit(bytes, place === 0 ? 1 : [place]);
        data.end();
        await ftp.say("226 done");
      }
    });
    for (const _ of [0, ...places]) {
      const lines: string[] = [];
      await fixture.session.retrLines("RETR a", (line) => lines.push(line));
      expect(lines).toEqual(expected);
    }
  });

  test("are taken one after the other, and a taker that throws ends the transfer", async () => {
    await using fixture = await onOwnServer();
    const { session, put } = fixture;
    await put("a", "x\n".repeat(1_000));
    let running = 0;
    let calls = 0;
    await session.retrLines("RETR a", async () => {
      running += 1;
      expect(running).toBe(1);
      await tick();
      running -= 1;
      calls += 1;
    });
    expect(calls).toBe(1_000);
    const broken = new Error("the taker is broken");
    const taker = (): never => {
      throw broken;
    };
    expect(await failureOf(session.retrLines("RETR a", taker))).toBe(broken);
    expect(await session.pwd()).toBe("/");
  });

  test("do not change binary transfers before and behind them", async () => {
    await using fixture = await onOwnServer();
    const { session, get } = fixture;
    const content = Buffer.from("a\nb\r\nc");
    await session.storBinary("STOR a", content);
    await session.nlst();
    await session.storBinary("STOR b", content);
    expect(await get("b")).toEqual(content);
    expect(await fetched(session, "a")).toEqual(content);
    expect(await session.size("a")).toBe(content.length);
  });
});

describe("a listing of an empty directory", () => {
  test("is empty, over a connection with nothing on it", async () => {
    await using fixture = await onOwnServer();
    const { session, server } = fixture;
    await mkdir(join(server.root, "empty"));
    expect(await session.nlst("empty")).toEqual([]);
    expect(await session.dir("empty")).toEqual([]);
  });

  test.each([
    "550 No files found.",
    "450 No files found",
    "550 Directory is empty.",
    "450 No matching files",
    "550-So\r\n550 No members found.",
  ])("is empty also where the server refuses it with %j", async (reply) => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) =>
        verb === "NLST" || verb === "LIST" ? { skip: true, reply: reply.split("\r\n") } : undefined,
    });
    expect(await fixture.session.nlst()).toEqual([]);
    expect(await fixture.session.dir("a")).toEqual([]);
  });

  test.each([
    "550 empty: No such file or directory.",
    "550 No such file or directory",
    "450 Directory empty: permission denied",
    "550 No files here for you: access denied",
    "550 No files found or invalid directory or permission problem",
    "451 No files found",
    "530 No files found",
  ])("is none where the server says %j", async (reply) => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) => (verb === "NLST" ? { skip: true, reply } : undefined),
    });
    expect(await failureOf(fixture.session.nlst("empty"))).toMatchObject({ code: "ERR_NETCLI_REPLY" });
  });
});

describe("names", () => {
  const names = [
    "with space",
    " in front and behind ",
    'qu"ote"d"',
    "-dash",
    "größe 日本 😀",
    "a'b;c",
    "100%",
    "#~",
    "a\tb",
  ];

  test.each(names)("%j is one for every verb", async (name) => {
    await using fixture = await onOwnServer();
    const { session, server } = fixture;
    expect(await session.mkd(name)).toBe(`/${name}`);
    await session.cwd(name);
    expect(await session.pwd()).toBe(`/${name}`);
    await session.storBinary(`STOR ${name}`, pattern(10));
    expect(await session.nlst()).toEqual([name]);
    expect(await session.size(name)).toBe(10);
    expect(await session.hash(name)).toMatchObject({ algorithm: "SHA-256" });
    expect((await fetched(session, name)).equals(pattern(10))).toBe(true);
    await session.rename(name, `${name}.`);
    expect(await readdir(join(server.root, name))).toEqual([`${name}.`]);
    await session.delete(`${name}.`);
    await session.cdup();
    await session.rmd(name);
  });

  test("in latin1 go out and come in as such, one byte for each character", async () => {
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.expect(/^CWD gr\xf6\xdfe$/);
        await ftp.say("250 there");
        await ftp.expect("PWD");
        await ftp.peer.send(Buffer.from('257 "/größe"\r\n', "latin1"));
        const port = await ftp.passive();
        await ftp.answer(/^NLST \xfc$/, "150 here");
        const data = await port.connected();
        // Valid as UTF-8, too, but not meant so.
        await data.send(Buffer.from("Ã¼\r\nä\r\n", "latin1"));
        data.end();
        await ftp.say("226 done");
      },
      { encoding: "latin1" },
    );
    const { session } = fixture;
    await session.cwd("größe");
    expect(await session.pwd()).toBe("/größe");
    expect(await session.nlst("ü")).toEqual(["Ã¼", "ä"]);
    expect(await failureOf(session.cwd("日本"))).toBeInstanceOf(ArgumentError);
  });

  test("in an encoding of the caller's own go through that", async () => {
    const encoding = {
      encode: (text: string) => Buffer.from(text.replaceAll("ß", "\u0080"), "latin1"),
      decode: (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1").replaceAll("\u0080", "ß"),
    };
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.expect(/^CWD \x80$/);
        await ftp.peer.send(Buffer.from("250 \u0080\r\n", "latin1"));
      },
      { encoding },
    );
    expect(await fixture.session.cwd("ß")).toMatchObject({ text: "ß" });
    expect(await failureOf(fixture.session.cwd("a\nb"))).toBeInstanceOf(ArgumentError);
  });

  test.each([["utf-16"], [{}], [{ encode: () => new Uint8Array() }], [null]])(
    "in the encoding %j can't be had",
    async (odd) => {
      const encoding = odd as unknown as "utf8";
      expect(await failureOf(loggedIn(async () => undefined, { encoding }))).toBeInstanceOf(ArgumentError);
    },
  );
});
