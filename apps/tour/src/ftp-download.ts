// First stop: ftp-download fetches a file from npm's ftp-srv, and a directory from the server of our tests.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startFtpServer, startFtpSrv } from "@netcli/test-servers";
import { expect, heading, run } from "./narrate.ts";

const program = import.meta.resolve("ftp-download/dist/main.js");
const FILE_BYTES = 8 * 1_048_576;

const TREE = ["readme.txt", "docs/guide.txt", "docs/images/logo.svg", "docs/images/photo.jpg"];

export async function ftpDownload(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "netcli-tour-"));
  const served = join(home, "served");
  const saved = join(home, "saved");
  await mkdir(join(served, "pub"), { recursive: true });
  await mkdir(saved);
  const content = randomBytes(FILE_BYTES);
  await writeFile(join(served, "pub", "archive.bin"), content);
  const server = await startFtpSrv({ root: served });
  try {
    heading("FTP: download a file, with the dialogue shown");
    const output = join(saved, "archive.bin");
    const url = `${server.url}/pub/archive.bin`;
    expect(
      (await run("ftp-download", program, ["--verbose", "-o", output, url])).code === 0,
      "the program says it succeeded",
    );
    expect(content.equals(await readFile(output)), `all ${FILE_BYTES} bytes are the same`);

    heading("FTP: what is not there is told, and nothing is left behind");
    const missing = `${server.url}/no-such-directory/archive.bin`;
    expect(
      (await run("ftp-download", program, ["-o", join(saved, "other.bin"), missing])).code === 5,
      "the exit code is 5",
    );
    expect((await readdir(saved)).join() === "archive.bin", "no partial file lies there");

    await directory(home);
  } finally {
    await server.close();
    await rm(home, { recursive: true });
  }
}

async function directory(home: string): Promise<void> {
  await using server = await startFtpServer();
  for (const path of TREE) {
    await mkdir(dirname(join(server.root, "site", path)), { recursive: true });
    await writeFile(join(server.root, "site", path), `content of ${path}`);
  }
  heading("FTP: a directory with all that is in it, and then only what is new");
  const args = ["-r", "-d", home, `${server.url}/site`];
  expect((await run("ftp-download", program, args)).code === 0, "the program says it succeeded");
  const saved = await Promise.all(TREE.map((path) => readFile(join(home, "site", path), "utf8")));
  expect(
    saved.every((content, at) => content === `content of ${TREE[at]}`),
    "all files are the same",
  );
  await writeFile(join(server.root, "site", "news.txt"), "news");
  expect((await run("ftp-download", program, args)).code === 0, "the program says it succeeded again");
}
