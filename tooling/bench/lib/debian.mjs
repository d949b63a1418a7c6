// Installs the servers and clients of others from Debian packages.
import { spawnSync } from "node:child_process";
import { Skipped } from "./children.mjs";

const limitMs = 300_000;

function run(program, ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const stdio = ["ignore", "ignore", "pipe"];
  return spawnSync(program, args, { env, encoding: "utf8", stdio, timeout: limitMs });
}

// Not by running it: some make folders where they find none.
const isThere = (program) => run("sh", "-c", 'command -v "$0"', program).status === 0;

/** Installs a package unless its program is there already. Throws Skipped where that is not possible. */
export function provide(name, program) {
  if (isThere(program)) return;
  if (process.getuid?.() !== 0 || !isThere("apt-get")) throw new Skipped(`no ${program}`);
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
