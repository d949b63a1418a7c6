// The examples of README.md, run against the servers for tests.
import { mkdir, readFile, writeFile } from "node:fs/promises";
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

it("uses the verbs in the third example", async () => {
  await using served = await tempDir();
  await mkdir(served.file("pub"));
  await writeFile(served.file("pub/archive.tar.gz"), "content");
  await using server = await startFtpSrv({ root: served.path, greeting: "hello" });
  const output = await runExample(readme, 2, { "ftp.example.com": server });
  expect(output).toEqual([expect.stringContaining("hello"), "/pub"]);
});
