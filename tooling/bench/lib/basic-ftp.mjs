// Installs the npm package basic-ftp, which nothing here depends on, into a temporary folder.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, Skipped } from "./children.mjs";

const limitMs = 120_000;
let installed;

function install() {
  const folder = makeFolder();
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", "basic-ftp@6.2.3"];
  const stdio = ["ignore", "ignore", "pipe"];
  const { status, error } = spawnSync("npm", args, { cwd: folder, stdio, timeout: limitMs });
  if (status !== 0) throw new Skipped(`npm can't install basic-ftp: ${error?.message ?? "no reason known"}`);
  return folder;
}

/** The folder to load it from. Throws Skipped where it can't be had. */
export function basicFtp() {
  installed ??= install();
  return installed;
}
