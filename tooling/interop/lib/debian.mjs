// Installs other people's servers from Debian packages.
import { spawnSync } from "node:child_process";
import { Skipped } from "./skipped.mjs";

const limitMs = 300_000;

function run(program, ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  return spawnSync(program, args, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
  });
}

const isThere = (program) => run(program, "-v").error?.code !== "ENOENT";

/** Installs a package unless its program is there already. Throws Skipped where that is not possible. */
export function provide(name, program) {
  // Not only for the installation: a server changes to other users.
  if (process.getuid?.() !== 0) throw new Skipped("not root");
  if (isThere(program)) return;
  if (run("apt-get", "--version").status !== 0)
    throw new Skipped(`no ${program}, and no apt-get to install it`);
  const install = () => run("apt-get", "install", "-y", "--no-install-recommends", name);
  let result = install();
  if (result.status !== 0) {
    // A fresh image has no package lists.
    run("apt-get", "update");
    result = install();
  }
  if (result.status !== 0 || !isThere(program)) {
    const reason = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
    throw new Skipped(`the package ${name} could not be installed: ${reason}`);
  }
}
