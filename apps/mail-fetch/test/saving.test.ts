// Messages in a Maildir and in an mbox: byte for byte, whatever is in them and whatever the server calls them.
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { asSaved, letter, readMaildir, readMbox, serverWith, uidsOf, urlOf } from "./maildrop.ts";
import { run } from "./program.ts";

const eightBit = Buffer.concat([
  Buffer.from(letter("8 bit", "")),
  Buffer.from(Uint8Array.from({ length: 256 }, (_byte, at) => at)).filter((byte) => byte !== 13),
  Buffer.from("\r\n"),
]);

const MESSAGES = [
  letter("dots", ".\r\n..\r\n.a\r\n...b\r\n"),
  letter(
    "from",
    "From here\r\n>From there\r\n>>From afar\r\n From a blank\r\nfrom below\r\nFrom\r\nFrom: x\r\n",
  ),
  eightBit,
  letter("returns", "a\rb\r\r\nc\r\n\r\n\r\n"),
  "no header at all\r\n",
  "\r\n",
  letter("empty", ""),
];

describe("mail-fetch --save", { timeout: 30_000 }, () => {
  test("makes a Maildir with each message, byte for byte but for line ends", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES);
    const maildir = folder.file("deep/Mail");
    const { code, stdout, stderr } = await run(["--save", maildir, urlOf(server)]);
    const bytes = MESSAGES.reduce((sum, message) => sum + message.length, 0);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "",
      stderr: `saved 7 messages (${bytes} B)\n`,
    });
    expect((await readdir(maildir)).toSorted()).toEqual(["cur", "new", "tmp"]);
    expect(await readMaildir(maildir)).toEqual(MESSAGES.map(asSaved).toSorted());
    expect(await readdir(`${maildir}/tmp`)).toEqual([]);
    expect((await stat(maildir)).mode & 0o777).toBe(0o700);
    expect(uidsOf(server)).toHaveLength(7);
    expect(server.violations).toEqual([]);
  });

  test("delivers into a Maildir that is there, and says nothing with --quiet", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: b\r\n"]);
    for (let times = 0; times < 2; times += 1) {
      const { code, stderr } = await run(["--quiet", "--save", folder.file("Mail"), urlOf(server)]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }
    expect(await readMaildir(folder.file("Mail"))).toEqual(["a: b\n", "a: b\n"]);
  });

  test("ends with 7 for a directory of something else, without connecting", async () => {
    await using folder = await tempDir();
    await writeFile(folder.file("file"), "");
    await using server = await serverWith(["a: b\r\n"]);
    const { code, stderr } = await run(["--save", folder.path, urlOf(server)]);
    expect({ code, stderr }).toEqual({
      code: 7,
      stderr: `mail-fetch: ${folder.path} is neither a Maildir nor empty\n`,
    });
    expect(server.sessions).toEqual([]);
  });

  test.each([["../../x"], ["/etc/passwd"], ["..\\..\\x"], ["x".repeat(500)], ["\u009b2J"]])(
    "takes no name from the server: %j",
    async (uid) => {
      await using folder = await tempDir();
      await mkdir(folder.file("a/b"), { recursive: true });
      await using server = await serverWith(["a: b\r\n"], {
        reply: (verb) => (verb === "UIDL" ? `+OK\n1 ${uid}\n.` : undefined),
      });
      const args = ["--new", "--delete", "--save", folder.file("a/b/Mail"), urlOf(server)];
      const { code, stderr } = await run(args, { env: { XDG_STATE_HOME: folder.file("a/state") } });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "saved 1 message (6 B), deleted 1\n" });
      expect(await readMaildir(folder.file("a/b/Mail"))).toEqual(["a: b\n"]);
      expect(await readdir(folder.path)).toEqual(["a"]);
      expect((await readdir(folder.file("a"))).toSorted()).toEqual(["b", "state"]);
      expect(await readdir(folder.file("a/b"))).toEqual(["Mail"]);
    },
  );

  test("leaves out what is larger than --max-size, and says so", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: b\r\n", letter("long", "x".repeat(3_000))]);
    const args = ["--max-size", "2K", "--save", folder.file("Mail"), urlOf(server)];
    const { code, stderr } = await run(args);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "left out 1 message larger than 2.0 KiB\nsaved 1 message (6 B)\n",
    });
    expect(await readMaildir(folder.file("Mail"))).toEqual(["a: b\n"]);
  });
});

describe("mail-fetch --mbox", { timeout: 30_000 }, () => {
  test("appends each message in the form mboxrd", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(MESSAGES);
    const mbox = folder.file("mbox");
    for (let times = 0; times < 2; times += 1) {
      const { code, stdout } = await run(["--mbox", mbox, urlOf(server)]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    }
    const saved = MESSAGES.map(asSaved);
    expect(await readMbox(mbox)).toEqual([...saved, ...saved]);
    expect(await readdir(folder.path)).toEqual(["mbox"]);
    expect((await stat(mbox)).mode & 0o777).toBe(0o600);
  });

  test("puts an empty line behind what is there without one", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: b\r\n"]);
    for (const [there, gap] of [
      ["From me\nx: y", "\n\n"],
      ["From me\nx: y\n", "\n"],
      ["From me\nx: y\n\n", ""],
      ["", ""],
    ] as const) {
      await writeFile(folder.file("mbox"), there);
      expect((await run(["--mbox", folder.file("mbox"), urlOf(server)])).code).toBe(0);
      const text = await readFile(folder.file("mbox"), "utf8");
      expect(text.replace(/From MAILER-DAEMON .*/, "From *")).toBe(`${there}${gap}From *\na: b\n\n`);
    }
  });

  test("ends with 75 while another process has it, and touches nothing", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: b\r\n"]);
    const mbox = folder.file("mbox");
    await writeFile(`${mbox}.lock`, `${process.pid} ${hostname()} 01234567-89ab-cdef-0123-456789abcdef 0\n`);
    const { code, stderr } = await run(["--mbox", mbox, urlOf(server)]);
    expect(code).toBe(75);
    expect(stderr).toMatch(/^mail-fetch: .*mbox is in use: .*mbox\.lock belongs to process \d+ on .+\n$/);
    await writeFile(`${mbox}.lock`, "");
    expect((await run(["--mbox", mbox, urlOf(server)])).stderr).toMatch(/belongs to another program\n$/);
    expect(await readFile(mbox, "utf8")).toBe("");
    expect((await readdir(folder.path)).toSorted()).toEqual(["mbox", "mbox.lock"]);
    expect(server.sessions).toEqual([]);
  });

  test("ends with 7 where it can't write", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: b\r\n"]);
    for (const path of [folder.path, folder.file("missing/mbox"), "/dev/full"]) {
      const { code, stderr } = await run(["--delete", "--mbox", path, urlOf(server)]);
      expect(code).toBe(7);
      expect(stderr).toMatch(/^mail-fetch: .+\n$/);
    }
    expect(uidsOf(server)).toHaveLength(1);
  });
});
