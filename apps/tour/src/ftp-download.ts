// First stop: a file downloaded over FTP by ftp-download from npm's ftp-srv.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFtpSrv } from "@netcli/test-servers";
import { expect, heading, run } from "./narrate.ts";

const program = import.meta.resolve("ftp-download/dist/main.js");
const FILE_BYTES = 8 * 1_048_576;

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
  } finally {
    await server.close();
    await rm(home, { recursive: true });
  }
}
