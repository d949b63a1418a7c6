// An mbox whose process has died, fails, or is not alone.
import { spawnSync } from "node:child_process";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { failureOf, type TempDir, tempDir } from "@netcli/test-kit";
import { expect, test } from "vitest";
import { FileLock } from "../src/file-lock.ts";
import { Mbox } from "../src/mbox.ts";

const WHOLE = "From MAILER-DAEMON Fri Nov 20 21:30:54 2026\na: 1\n\n";
const DATE = "Fri Nov 20 21:30:55 2026";
const HALF = `From MAILER-DAEMON ${DATE}\na: 2\n>From x\n`;
const row = { number: 1, uid: "1", size: 6 };

async function* content(...chunks: readonly string[]): AsyncGenerator<Uint8Array, void, void> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function* broken(): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.from("a: 2\r\n".repeat(10_000));
  throw new Error("broken");
}

/** A process that has died. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

/** The lock of a process that died when so much of the file was whole. */
function leftLock(folder: TempDir, note: string): Promise<void> {
  const text = `${deadPid()} ${hostname()} 01234567-89ab-cdef-0123-456789abcdef ${note.padEnd(48)}\n`;
  return writeFile(folder.file("mbox.lock"), text);
}

test.each([
  ["", HALF],
  ["", "From MAILER-D"],
  ["", "From MAILER-DAEMON Fri Nov 20 21:30:55 2026\n" + "x".repeat(200_000)],
  ["a: 1", `\n\n${HALF}`],
  ["a: 1\n", `\n${HALF}`],
  ["a: 1\n", "\n"],
])("what a process has written in part when it died is cut off: %#", async (before, half) => {
  await using folder = await tempDir();
  const whole = WHOLE + before;
  await writeFile(folder.file("mbox"), whole + half);
  await leftLock(folder, `${whole.length} ${DATE}`);
  const mbox = await Mbox.open(folder.file("mbox"));
  expect(await readFile(folder.file("mbox"), "utf8")).toBe(whole);
  await mbox.take(row, content("a: 3\r\n"));
  await mbox.close();
  expect(await readFile(folder.file("mbox"), "utf8")).toMatch(/a: 1\n\nFrom .*\na: 3\n\n$/);
  expect(await readdir(folder.path)).toEqual(["mbox"]);
});

test.each([
  ["other messages came behind it", `${HALF}\n${WHOLE}`, `${WHOLE.length} ${DATE}`],
  ["nothing of it is there, but another message", WHOLE, `${WHOLE.length} ${DATE}`],
  ["what follows is not known", "a: 2\n", `${WHOLE.length} ${DATE}`],
  ["the file is shorter than it was", "", `1000 ${DATE}`],
])("nothing is cut off when %s", async (_what, more, note) => {
  await using folder = await tempDir();
  await writeFile(folder.file("mbox"), WHOLE + more);
  await leftLock(folder, note);
  await (await Mbox.open(folder.file("mbox"))).close();
  expect(await readFile(folder.file("mbox"), "utf8")).toBe(WHOLE + more);
});

test.each([[""], ["0"], ["x"], [`x ${DATE}`], ["0 Mon Jan  1 00:00:00 2001"]])(
  "nothing is cut off when the note is %j",
  async (note) => {
    await using folder = await tempDir();
    await writeFile(folder.file("mbox"), HALF);
    await leftLock(folder, note);
    await (await Mbox.open(folder.file("mbox"))).close();
    expect(await readFile(folder.file("mbox"), "utf8")).toBe(HALF);
  },
);

test("a message that breaks off leaves nothing behind, and the next one follows the one before", async () => {
  await using folder = await tempDir();
  const mbox = await Mbox.open(folder.file("mbox"));
  await mbox.take(row, content("a: 1\r\n"));
  expect(await failureOf(mbox.take(row, broken()))).toEqual(new Error("broken"));
  await mbox.take(row, content("a: 3\r", "\n", "From x"));
  await mbox.close();
  const text = await readFile(folder.file("mbox"), "utf8");
  expect(text.replaceAll(/^From .*/gm, "From")).toBe("From\na: 1\n\nFrom\na: 3\n>From x\n\n");
});

test("what others have written behind it meanwhile is not cut off", async () => {
  await using folder = await tempDir();
  const mbox = await Mbox.open(folder.file("mbox"));
  async function* overtaken(): AsyncGenerator<Uint8Array, void, void> {
    yield Buffer.from("a: 1\r\n");
    await appendFile(folder.file("mbox"), WHOLE);
    throw new Error("broken");
  }
  await failureOf(mbox.take(row, overtaken()));
  await mbox.close();
  expect(await readFile(folder.file("mbox"), "utf8")).toContain(WHOLE);
});

test("a lock is had by one, and tells the next one what its owner noted", async () => {
  await using folder = await tempDir();
  const lock = await FileLock.take(folder.file("x"));
  await lock.note("17");
  await lock.note("4");
  expect(lock.left).toBeUndefined();
  expect(String(await failureOf(FileLock.take(folder.file("x"))))).toContain(`process ${process.pid} on`);
  const text = await readFile(folder.file("x.lock"), "utf8");
  await lock.release();
  expect(await readdir(folder.path)).toEqual([]);
  await writeFile(folder.file("x.lock"), text.replace(/^\d+/, String(deadPid())));
  const next = await FileLock.take(folder.file("x"));
  expect(next.left).toBe("4");
  await next.release();
  await writeFile(folder.file("x.lock"), text.replace(/^\d+ \S+/, `${deadPid()} elsewhere.invalid`));
  await expect(FileLock.take(folder.file("x"))).rejects.toThrow("on elsewhere.invalid");
});
