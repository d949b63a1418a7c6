// Our built packages in a folder of their own, beside a package from the registry that has to be compiled there.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { leftover } from "./leftovers.mjs";
import { Skipped } from "./skipped.mjs";

const limitMs = 300_000;
const packages = fileURLToPath(new URL("../../../packages", import.meta.url));

/** Why npm failed: the last line that says something. */
function reasonOf({ error, stderr }) {
  const lines = (stderr ?? "")
    .split("\n")
    .filter((line) => /^npm err(?:or|!)/i.test(line) && !/log of this run/.test(line));
  return error?.message ?? lines.at(-1) ?? "npm does not say why";
}

/**
 * Installs a native package into a new folder, which is removed at the end, and ours beside it. Throws Skipped where
 * it can't be had or built.
 */
export function installNative(spec, ours) {
  const folder = mkdtempSync(join(tmpdir(), "netcli-native-"));
  leftover(() => rmSync(folder, { recursive: true, force: true }));
  const name = spec.slice(0, spec.lastIndexOf("@"));
  // npm 12 compiles nothing that it was not allowed to.
  const project = { private: true, allowScripts: { [name]: true } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(project));
  const args = ["install", "--no-audit", "--no-fund", spec];
  const result = spawnSync("npm", args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    timeout: limitMs,
  });
  if (result.status !== 0)
    throw new Skipped(`the package ${spec} could not be installed: ${reasonOf(result)}`);
  try {
    createRequire(join(folder, "package.json"))(name);
  } catch (error) {
    throw new Skipped(`the package ${spec} could not be built: ${error.message.split("\n")[0]}`);
  }
  for (const one of ours) {
    const place = join(folder, "node_modules", "@netcli", one);
    mkdirSync(place, { recursive: true });
    for (const part of ["package.json", "dist"]) {
      cpSync(join(packages, one, part), join(place, part), { recursive: true });
    }
  }
  return folder;
}
