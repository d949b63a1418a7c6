// Other people's servers from Debian packages. Nothing is installed: FTP servers push each other out.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leftover } from "./leftovers.mjs";
import { Skipped } from "./skipped.mjs";

const limitMs = 300_000;

function run(program, args, options = {}) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const stdio = ["ignore", "pipe", "pipe"];
  const result = spawnSync(program, args, { env, encoding: "utf8", stdio, timeout: limitMs, ...options });
  const reason = () => result.error?.message ?? result.stderr.trim().split("\n").at(-1);
  return { ok: result.status === 0, output: result.stdout, reason };
}

/** The packages that apt would install for these; none if they are there. */
function missingFor(names) {
  const plan = () => run("apt-get", ["install", "--simulate", "--no-install-recommends", ...names]);
  let planned = plan();
  if (!planned.ok) {
    // A fresh image has no package lists.
    run("apt-get", ["update"]);
    planned = plan();
  }
  if (!planned.ok) throw new Skipped(`apt-get cannot get ${names[0]}: ${planned.reason()}`);
  return [...planned.output.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
}

/**
 * The folder that holds what these packages and those that they need would put into the root folder; it is removed
 * at the end. If they are installed, it is the root folder. Throws Skipped where that is not possible.
 */
export function unpack(names) {
  if (!run("apt-get", ["--version"]).ok) throw new Skipped(`no apt-get to get ${names[0]} with`);
  const missing = missingFor(names);
  if (missing.length === 0) return "/";
  const folder = mkdtempSync(join(tmpdir(), "netcli-debian-"));
  leftover(() => rmSync(folder, { recursive: true, force: true }));
  // Servers change to other users, and may load more then.
  chmodSync(folder, 0o755);
  const archives = join(folder, "archives");
  mkdirSync(archives);
  const download = run("apt-get", ["download", ...missing], { cwd: archives });
  if (!download.ok) throw new Skipped(`apt-get cannot download ${names[0]}: ${download.reason()}`);
  const tree = join(folder, "tree");
  for (const archive of readdirSync(archives)) {
    const extraction = run("dpkg-deb", ["--extract", join(archives, archive), tree]);
    if (!extraction.ok) throw new Skipped(`${archive} cannot be unpacked: ${extraction.reason()}`);
  }
  return tree;
}

/** The environment in which programs from such a folder find their libraries. */
export function environmentOf(tree) {
  if (tree === "/") return process.env;
  const folders = ["lib", "usr/lib"].map((name) => join(tree, name)).filter(existsSync);
  const libraries = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.includes("-linux-gnu"))
      .map((name) => join(folder, name)),
  );
  // OpenSSL loads some of its own on demand.
  const modules = libraries.map((folder) => join(folder, "ossl-modules")).find(existsSync);
  return {
    ...process.env,
    LD_LIBRARY_PATH: libraries.join(":"),
    ...(modules === undefined ? {} : { OPENSSL_MODULES: modules }),
  };
}
