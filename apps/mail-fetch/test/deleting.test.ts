// --delete: what is on the disk goes, nothing else, and the program knows which did.
import { tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import {
  asSaved,
  largeLetter,
  letter,
  readMaildir,
  readSaved,
  serverWith,
  uidsOf,
  urlOf,
} from "./maildrop.ts";
import { run } from "./program.ts";

const MESSAGES = ["a: 1\r\n", "a: 2\r\n", "a: 3\r\n"];

describe("mail-fetch --delete", { timeout: 30_000 }, () => {
  test.each([["--save"], ["--mbox"]])("deletes what %s has saved, and says how many", async (option) => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES);
    const uids = uidsOf(server);
    const { code, stderr } = await run(["--delete", option, folder.file("Mail"), urlOf(server)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "saved 3 messages (18 B), deleted 3\n" });
    expect(server.deleted).toEqual(uids);
    expect(uidsOf(server)).toEqual([]);
    expect(server.violations).toEqual([]);
  });

  test("keeps what was left out, and all without --delete", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: b\r\n", letter("long", "x".repeat(100))]);
    const [, large] = uidsOf(server);
    expect((await run(["--keep", "--save", folder.file("Mail"), urlOf(server)])).code).toBe(0);
    expect(server.deleted).toEqual([]);
    expect(
      (await run(["--delete", "--max-size", "50", "--mbox", folder.file("m"), urlOf(server)])).code,
    ).toBe(0);
    expect(uidsOf(server)).toEqual([large]);
  });

  test("deletes what a server without unique ids has, too", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES, { quirks: { noUidl: true, noCapa: true } });
    const { code, stderr } = await run(["--delete", "--save", folder.file("Mail"), urlOf(server)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "saved 3 messages (18 B), deleted 3\n" });
    expect(uidsOf(server)).toEqual([]);
  });

  test("deletes nothing that can't be saved", async () => {
    await using server = await serverWith(MESSAGES);
    const { code, stderr } = await run(["--delete", "--mbox", "/dev/full", urlOf(server)]);
    expect(code).toBe(7);
    expect(stderr).toMatch(/^mail-fetch: .+\n$/);
    expect(uidsOf(server)).toHaveLength(3);
  });

  test("ends with 5 when the server will not delete some", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES, {
      reply: (_verb, line) => (line === "DELE 2" ? "-ERR not that one" : undefined),
    });
    const [, second] = uidsOf(server);
    const { code, stderr } = await run(["--delete", "--save", folder.file("Mail"), urlOf(server)]);
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^saved 3 messages \(18 B\), deleted 2\nmail-fetch: 1 of 3 messages may not .+: .*not that one\n$/,
    );
    expect(uidsOf(server)).toEqual([second]);
    expect(await readMaildir(folder.file("Mail"))).toEqual(MESSAGES.map(asSaved));
  });

  test("ends with 5 when QUIT is never answered", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES, {
      reply: (verb) => (verb === "QUIT" ? "drop" : undefined),
    });
    const { code, stderr } = await run(["--delete", "--save", folder.file("Mail"), urlOf(server)]);
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^saved 3 messages \(18 B\), deleted 0\nmail-fetch: 3 of 3 messages may not have been .+\n$/,
    );
    expect(uidsOf(server)).toHaveLength(3);
  });

  test("looks for what is gone when only the answer to QUIT was lost", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES, {
      reply: (verb, _line, { number }) =>
        verb === "QUIT" && number === 1 ? { reply: null, skip: false, end: "reset" } : undefined,
    });
    const { code, stderr } = await run(["--delete", "--save", folder.file("Mail"), urlOf(server)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "saved 3 messages (18 B), deleted 3\n" });
    expect(uidsOf(server)).toEqual([]);
  });

  test("deletes what was saved when another one can't be read, and names that", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES, {
      reply: (_verb, line) => (line === "RETR 3" ? "-ERR it is broken" : undefined),
    });
    const [, , third] = uidsOf(server);
    const { code, stderr } = await run(["--delete", "--save", folder.file("Mail"), urlOf(server)]);
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: "mail-fetch: cannot read message 3: it is broken\nsaved 2 messages (12 B), deleted 2\n",
    });
    expect(uidsOf(server)).toEqual([third]);
  });
});

describe("when the connection breaks in the middle of a message, mail-fetch", { timeout: 30_000 }, () => {
  const large = [largeLetter("first"), "a: 2\r\n", largeLetter("third"), "a: 4\r\n"];

  test.each([["--save"], ["--mbox"]] as const)("goes on there: %s", async (option) => {
    await using folder = await tempDir();
    let cuts = 0;
    await using server = await serverWith(large, {
      reply: (_verb, line) => {
        if (line !== "RETR 3" || cuts === 2) return undefined;
        cuts += 1;
        return { cut: { after: 1_000_000 * cuts, end: "reset" } };
      },
    });
    const place = folder.file("Mail");
    const { code, stderr } = await run(["--delete", option, place, urlOf(server)]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^saved 4 messages \(7\.\d MiB\), deleted 4\n$/),
    });
    expect(cuts).toBe(2);
    expect(server.sessions).toHaveLength(3);
    expect(uidsOf(server)).toEqual([]);
    expect(await readSaved(option, place)).toEqual(large.map(asSaved).toSorted());
  });

  test.each([["--save"], ["--mbox"]] as const)(
    "ends with 8 if it always does, without a half one: %s",
    async (option) => {
      await using folder = await tempDir();
      await using server = await serverWith(large, {
        reply: (_verb, line) => (line === "RETR 3" ? { cut: { after: 2_000_000, end: "end" } } : undefined),
      });
      const uids = uidsOf(server);
      const place = folder.file("Mail");
      const { code, stderr } = await run(["--delete", option, place, urlOf(server)]);
      expect(code).toBe(8);
      expect(stderr).toMatch(/^mail-fetch: .+\nsaved 2 messages \(3\.\d MiB\), deleted 2\n$/);
      expect(uidsOf(server)).toEqual(uids.slice(2));
      expect(await readSaved(option, place)).toEqual(large.slice(0, 2).map(asSaved).toSorted());
    },
  );

  test("does not go on where the server has no unique ids, and deletes nothing by a number", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(large, {
      quirks: { noUidl: true, noCapa: true },
      reply: (_verb, line) => (line === "RETR 3" ? { cut: { after: 2_000_000, end: "end" } } : undefined),
    });
    const { code, stderr } = await run(["--delete", "--save", folder.file("Mail"), urlOf(server)]);
    expect(code).toBe(8);
    expect(stderr).toMatch(
      /^mail-fetch: .+\nsaved 2 messages .+, deleted 0\nmail-fetch: 2 of 2 messages may not .+\n$/,
    );
    expect(uidsOf(server)).toHaveLength(4);
  });
});
