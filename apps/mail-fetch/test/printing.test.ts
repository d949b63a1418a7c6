// Messages on stdout, where it is no terminal.
import { readFile } from "node:fs/promises";
import { tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { asSaved, largeLetter, letter, serverWith, uidsOf, urlOf } from "./maildrop.ts";
import { run, runInto, start } from "./program.ts";

const latin1 = Buffer.from(letter("8 bit", "caf\xe9 \x1b[31m\r\n"), "latin1");

describe("mail-fetch", { timeout: 30_000 }, () => {
  test("shows all messages, each behind a line about it, as they are", async () => {
    const messages = [letter("one", "a\r\n.b\r\n"), letter("two", "From c\r\n\r\n"), "x: y\r\n"];
    await using server = await serverWith(messages);
    const { code, stdout, stderr } = await run([urlOf(server)]);
    const uids = uidsOf(server);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      messages
        .map((message, at) => {
          return `--- message ${at + 1}, ${message.length} bytes, id ${uids[at]} ---\n${asSaved(message)}`;
        })
        .join(""),
    );
    expect(server.commands.at(-1)).toBe("QUIT");
    expect(server.deleted).toEqual([]);
    expect(server.violations).toEqual([]);
  });

  test("changes no byte where stdout is no terminal", async () => {
    await using folder = await tempDir();
    await using server = await serverWith([latin1]);
    expect((await runInto(folder.file("out"), [urlOf(server)])).code).toBe(0);
    const [, ...lines] = (await readFile(folder.file("out"), "latin1")).split("\n");
    expect(lines.join("\n")).toBe(asSaved(latin1));
  });

  test("shows the newest first with --newest-first, and only small ones with --max-size", async () => {
    const messages = ["a: 1\r\n", letter("long", "x".repeat(100)), "a: 3\r\n"];
    await using server = await serverWith(messages);
    const { stdout, stderr } = await run(["--newest-first", "--max-size", "50", urlOf(server)]);
    expect(stdout.match(/^(?:a: |--- message )\d/gm)).toEqual([
      "--- message 3",
      "a: 3",
      "--- message 1",
      "a: 1",
    ]);
    expect(stderr).toBe("left out 1 message larger than 50 B\n");
  });

  test("names no id where the server has none", async () => {
    await using server = await serverWith(["a: b\r\n"], { quirks: { noUidl: true, noCapa: true } });
    const { code, stdout } = await run([urlOf(server)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "--- message 1, 6 bytes ---\na: b\n" });
  });

  test("says that there is nothing", async () => {
    await using server = await serverWith([]);
    expect(await run([urlOf(server)])).toEqual({ code: 0, stdout: "", stderr: "no messages\n" });
    expect(await run(["-q", urlOf(server)])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("says where a message broke off, and shows it again", async () => {
    const message = largeLetter("first");
    await using server = await serverWith([message], {
      reply: (_verb, line, { number }) =>
        line === "RETR 1" && number === 1 ? { cut: { after: 1_000_000, end: "reset" } } : undefined,
    });
    const { code, stdout } = await run([urlOf(server)]);
    const [uid] = uidsOf(server);
    const title = `--- message 1, ${message.length} bytes, id ${uid} ---\n`;
    expect(code).toBe(0);
    const [nothing, part = "", whole] = stdout.split(title);
    expect([nothing, whole]).toEqual(["", asSaved(message)]);
    const [shown = "", rest] = part.split(/\n--- message 1 broke off ---\n$/);
    expect(asSaved(message).startsWith(shown)).toBe(true);
    expect(rest).toBe("");
  });

  test("takes the URL from MAIL_FETCH_URL", async () => {
    await using server = await serverWith(["a: b\r\n"]);
    const { code, stdout } = await run([], { env: { MAIL_FETCH_URL: urlOf(server) } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/---\na: b\n$/);
  });

  test("ends with 7 when nobody reads it any more, and does not count what was not read as fetched", async () => {
    await using server = await serverWith(
      Array.from({ length: 50 }, () => letter("long", "x".repeat(100_000))),
    );
    const program = start([urlOf(server)]);
    await program.stdout.shows("--- message 1,");
    program.child.stdout.destroy();
    const { code, stderr } = await program.outcome;
    expect({ code, stderr }).toEqual({
      code: 7,
      stderr: "mail-fetch: cannot write to stdout: write EPIPE\n",
    });
  });
});
