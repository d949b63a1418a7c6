// Installs packages of others from npm, on which nothing here depends, into temporary folders.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, Skipped } from "./children.mjs";

const limitMs = 120_000;
const installed = new Map();

function install(spec) {
  const folder = makeFolder();
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", spec];
  const stdio = ["ignore", "ignore", "pipe"];
  const { status, error } = spawnSync("npm", args, { cwd: folder, stdio, timeout: limitMs });
  if (status !== 0) throw new Skipped(`npm can't install ${spec}: ${error?.message ?? "no reason known"}`);
  return folder;
}

/** The folder to load it from; `spec` is its name and version. Throws Skipped where it can't be had. */
export function fromNpm(spec) {
  if (!installed.has(spec)) installed.set(spec, install(spec));
  return installed.get(spec);
}
