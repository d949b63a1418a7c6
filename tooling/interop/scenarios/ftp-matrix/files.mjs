// What can be done with files and directories without transferring them.
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { NotSupportedError } from "../../../../packages/core-transport/dist/index.js";

const text = Buffer.from("one line\nand another\n");

/** A file that belongs to the user on the server, as it must for some of this. */
async function serve(run, session, name = "file") {
  await session.storBinary(`STOR ${name}`, text);
  return run.at(name);
}

async function filesAndDirectories(run) {
  const session = await run.session();
  await serve(run, session);
  await session.mkd("folder");
  await session.mkd(`${run.directory}/folder/inner`);
  await session.rename("file", "folder/inner/moved");
  run.checkNames(["moved"], "folder/inner");
  await rejects(session.rmd("folder/inner"), { name: "ReplyError" });
  await rejects(session.mkd("folder"), { name: "ReplyError" });
  await session.cwd("folder/inner");
  strictEqual(await session.pwd(), `${run.directory}/folder/inner`);
  await session.cwd("..");
  await session.delete("inner/moved");
  await rejects(session.delete("inner/moved"), { name: "ReplyError" });
  await session.rmd("inner");
  run.checkNames([], "folder");
  await session.cdup();
  await session.rename("folder", "renamed");
  run.checkNames(["renamed"]);
  await session.quit();
}

async function sizesAndTimes(run) {
  const session = await run.session();
  const file = await serve(run, session);
  strictEqual(await session.size("file"), text.length);
  // The listing of a directory leaves the type at text, where lines may be counted anew.
  await session.nlst();
  strictEqual(await session.size("file"), text.length);
  const modifiedAt = new Date("2021-03-04T05:06:07Z");
  utimesSync(file, modifiedAt, modifiedAt);
  deepStrictEqual(await session.mdtm("file"), modifiedAt);
  if ((await session.feat()).has("MFMT")) {
    const other = new Date("2001-09-09T01:46:40Z");
    await session.mfmt("file", other);
    deepStrictEqual(statSync(file).mtime, other);
    deepStrictEqual(await session.mdtm("file"), other);
  }
  await rejects(session.mdtm("missing"), { name: "ReplyError" });
  await session.quit();
}

async function permissions(run) {
  const session = await run.session();
  const file = await serve(run, session);
  for (const mode of [0o600, 0o644, 0o755]) {
    await session.chmod("file", mode);
    strictEqual(statSync(file).mode & 0o7777, mode);
  }
  await session.quit();
}

function hashOf(algorithm) {
  if (algorithm === "CRC32") return crc32(text).toString(16).padStart(8, "0");
  return createHash(algorithm.replace("-", "")).update(text).digest("hex");
}

/** All that the server names; a server without any must be known for that before it is asked. */
async function hashes(run) {
  const session = await run.session();
  await serve(run, session);
  const { hashes: offered } = await session.feat();
  strictEqual(offered.length > 0, run.kind.hasHashes === true);
  for (const algorithm of offered) {
    deepStrictEqual(await session.hash("file", algorithm), { algorithm, value: hashOf(algorithm) });
  }
  if (offered.length === 0) await rejects(session.hash("file"), NotSupportedError);
  await session.quit();
  const client = await run.client();
  await client.download("file", run.path("back"), { verify: "if-offered" });
  writeFileSync(run.path("local"), text);
  await client.upload(run.path("local"), "file", { verify: "if-offered" });
  await client.quit();
}

export const scenarios = [filesAndDirectories, sizesAndTimes, permissions, hashes];
