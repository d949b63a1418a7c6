// The examples of README.md, run against the servers for tests.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runExample, tempDir } from "@netcli/test-kit";
import { startFtpServer, startFtpSrv } from "@netcli/test-servers";
import { afterEach, expect, it } from "vitest";

const readme = new URL("../README.md", import.meta.url);
const home = process.cwd();

afterEach(() => process.chdir(home));

it.each([
  ["this package's README", readme],
  ["the workspace's README", new URL("../../../README.md", import.meta.url)],
])("downloads a file in the first example of %s", async (_name, readmeUrl) => {
  await using served = await tempDir();
  await using saved = await tempDir();
  await mkdir(served.file("pub"));
  await writeFile(served.file("pub/archive.tar.gz"), "content");
  await using server = await startFtpSrv({ root: served.path });
  process.chdir(saved.path);
  await runExample(readmeUrl, 0, { "ftp.example.com": server });
  expect(await readFile(saved.file("archive.tar.gz"), "utf8")).toBe("content");
});

it("uploads and lists in the second example", async () => {
  await using server = await startFtpServer();
  await mkdir(join(server.root, "incoming"));
  const output = await runExample(readme, 1, { "ftp.example.com": server });
  expect(output).toEqual(["notes.txt file 10"]);
});

it("mirrors a tree in the third example", async () => {
  await using server = await startFtpServer({ users: { ada: { password: "secret" } } });
  await using local = await tempDir();
  await mkdir(join(server.root, "site/pages"), { recursive: true });
  await writeFile(join(server.root, "site/pages/index.html"), "content");
  await writeFile(join(server.root, "site/pages/index.tmp"), "content");
  await mkdir(local.file("backup"));
  await writeFile(local.file("backup/old"), "content");
  process.chdir(local.path);
  const output = await runExample(readme, 2, { "ftp.example.com": server });
  expect(output).toEqual(["1 files, 0 unchanged, 1 deleted"]);
  expect(await readdir(local.file("backup"))).toEqual(["pages"]);
  expect(await readdir(local.file("backup/pages"))).toEqual(["index.html"]);
});

it("walks and reads streams in the fourth example", async () => {
  await using server = await startFtpServer();
  await mkdir(join(server.root, "pub/logs/2026"), { recursive: true });
  await writeFile(join(server.root, "pub/logs/2026/a"), "line\n");
  const output = await runExample(readme, 3, { "ftp.example.com": server });
  expect(output).toEqual([`${createHash("sha256").update("line\n").digest("hex")} 2026/a`]);
});

it("uses the verbs in the fifth example", async () => {
  await using served = await tempDir();
  await mkdir(served.file("pub"));
  await writeFile(served.file("pub/archive.tar.gz"), "content");
  await using server = await startFtpSrv({ root: served.path, greeting: "hello" });
  const output = await runExample(readme, 4, { "ftp.example.com": server });
  expect(output).toEqual([expect.stringContaining("hello"), "/pub"]);
});
