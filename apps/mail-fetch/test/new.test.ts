// --new: nothing twice, nothing lost, and one file for each account.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { deliver, readMaildir, serverWith, uidsOf, urlOf } from "./maildrop.ts";
import { run } from "./program.ts";

describe("mail-fetch --new", { timeout: 30_000 }, () => {
  test("fetches each message once, and forgets those that are gone", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: 1\r\n", "a: 2\r\n"]);
    const args = ["--new", "--save", folder.file("Mail"), urlOf(server)];
    const env = { XDG_STATE_HOME: folder.file("state") };
    expect((await run(args, { env })).stderr).toBe("saved 2 messages (12 B)\n");
    expect(await run(args, { env })).toEqual({ code: 0, stdout: "", stderr: "no new messages\n" });
    const [first = ""] = uidsOf(server);
    server.mailboxes.remove("tester", first);
    deliver(server.mailboxes, "a: 3\r\n");
    expect((await run(args, { env })).stderr).toBe("saved 1 message (6 B)\n");
    expect(await readMaildir(folder.file("Mail"))).toEqual(["a: 1\n", "a: 2\n", "a: 3\n"]);
    const [name = "", ...others] = await readdir(folder.file("state/mail-fetch"));
    expect(name).toMatch(/^tester@127\.0\.0\.1_\d+-[\da-f]{16}$/);
    expect(others).toEqual([]);
    expect(await readFile(folder.file(`state/mail-fetch/${name}`), "utf8")).toBe(
      `${uidsOf(server).join("\n")}\n`,
    );
  });

  test("uses ~/.local/state without XDG_STATE_HOME, or with one that is not absolute", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: 1\r\n"]);
    for (const XDG_STATE_HOME of [undefined, "", "state"]) {
      const env = { HOME: folder.path, XDG_STATE_HOME };
      expect((await run(["--new", urlOf(server)], { env, cwd: folder.path })).code).toBe(0);
    }
    expect(await readdir(folder.path)).toEqual([".local"]);
    expect(await readdir(folder.file(".local/state/mail-fetch"))).toHaveLength(1);
  });

  test("shows with --list what is new, and counts nothing as fetched by that", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["Subject: one\r\n"]);
    const args = ["--new", "--state", folder.file("state"), urlOf(server)];
    for (let times = 0; times < 2; times += 1) {
      expect((await run(["--list", ...args])).stdout).toMatch(/ one\n$/);
    }
    expect((await run(args)).stdout).toMatch(/\nSubject: one\n$/);
    expect(await run(["--list", ...args])).toEqual({ code: 0, stdout: "", stderr: "no new messages\n" });
  });

  test("fetches again what was not saved", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: 1\r\n", "a: 2\r\n"], {
      reply: (_verb, line, { number }) => (line === "RETR 2" && number === 1 ? "-ERR not now" : undefined),
    });
    const args = ["--new", "--state", folder.file("state"), "--mbox", folder.file("mbox"), urlOf(server)];
    expect((await run(args)).code).toBe(6);
    expect((await run(args)).stderr).toBe("saved 1 message (6 B)\n");
    expect((await readFile(folder.file("mbox"), "utf8")).match(/^a: .$/gm)).toEqual(["a: 1", "a: 2"]);
  });

  test.each([["../../../x"], ["/etc/x"], [".."], ["a\\..\\b"], ["x".repeat(500)], ["ü/ü"]])(
    "keeps its file in its folder for the user %j",
    async (user) => {
      await using folder = await tempDir();
      await mkdir(folder.file("a/b"), { recursive: true });
      await using server = await serverWith([], { users: { [user]: "secret" } });
      const url = server.url.replace("//", `//${encodeURIComponent(user)}@`);
      const { code } = await run(["--new", url], { env: { XDG_STATE_HOME: folder.file("a/b") } });
      expect(code).toBe(0);
      expect(await readdir(folder.path)).toEqual(["a"]);
      expect(await readdir(folder.file("a"))).toEqual(["b"]);
      expect(await readdir(folder.file("a/b"))).toEqual(["mail-fetch"]);
      expect(await readdir(folder.file("a/b/mail-fetch"))).toHaveLength(1);
    },
  );

  test("ends with 7 for a file of something else, and leaves it as it is", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: 1\r\n"]);
    await writeFile(folder.file("diary"), "Dear diary\n");
    const { code, stderr } = await run(["--new", "--state", folder.file("diary"), urlOf(server)]);
    expect({ code, stderr }).toEqual({
      code: 7,
      stderr: `mail-fetch: ${folder.file("diary")} is not a file of --new\n`,
    });
    expect(await readFile(folder.file("diary"), "utf8")).toBe("Dear diary\n");
    expect(await readdir(folder.path)).toEqual(["diary"]);
  });

  test("ends with 6 where the server has no unique ids", async () => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: 1\r\n"], { quirks: { noUidl: true, noCapa: true } });
    const { code, stdout, stderr } = await run(["--new", "--state", folder.file("state"), urlOf(server)]);
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
    expect(stderr).toMatch(/^mail-fetch: the server has no unique ids .+\n$/);
  });
});
