// Checks one package as its users get it: packs it, looks into the tarball, runs publint and attw on it, then
// installs it in an empty folder, without the network, and loads it with import and with require.
// `pnpm run check:package` starts it in the package's folder, after the build.
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

// Half of it are sources and maps, for those who debug.
const maxUnpackedBytes = 1_500_000;
const requiredFiles = [
  "package.json",
  "README.md",
  "LICENSE",
  "dist/index.js",
  "dist/index.d.ts",
  "src/index.ts",
];
const forbiddenFiles = /\.tsbuildinfo$|\.(test|spec|bench)\.|^(test|bench|node_modules)\/|^[^/]*config[^/]*$/;

const root = fileURLToPath(new URL("..", import.meta.url));
const temp = mkdtempSync(join(tmpdir(), "check-package-"));
const problems = [];

/** Runs a program; the result has `ok` and everything it printed. */
function run(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: "utf8", ...options });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}`.trim();
  return { ok: result.status === 0, stdout: result.stdout ?? "", output };
}

function check(ok, problem) {
  if (!ok) problems.push(problem);
  return ok;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Runs the command of a devDependency of the workspace. */
function runTool(name, args) {
  const folder = join(root, "node_modules", name);
  const { bin } = readJson(join(folder, "package.json"));
  return run(process.execPath, [join(folder, Object.values(bin)[0]), ...args]);
}

/** The folder of a package, and those of the workspace packages that it needs at run time. */
function withDependencies(folder, found = new Set()) {
  found.add(folder);
  for (const name of Object.keys(readJson(join(folder, "package.json")).dependencies ?? {})) {
    const next = join(folder, "node_modules", name);
    if (name.startsWith("@netcli/") && !found.has(realpathSync(next)))
      withDependencies(realpathSync(next), found);
  }
  return found;
}

/** Packs a package folder into a folder of its own, and returns the path of the tarball. */
function pack(folder, index) {
  const destination = join(temp, `pack-${index}`);
  mkdirSync(destination);
  const { ok, output } = run("pnpm", ["pack", "--pack-destination", destination], { cwd: folder });
  const file = readdirSync(destination)[0];
  if (!ok || file === undefined) throw new Error(`pnpm pack failed in ${folder}:\n${output}`);
  return join(destination, file);
}

function checkFiles(folder) {
  const entries = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  const files = entries.filter((entry) => statSync(entry).isFile());
  const names = files.map((file) => relative(folder, file).split(sep).join("/"));
  for (const name of requiredFiles) check(names.includes(name), `${name} is missing from the tarball`);
  for (const name of names) check(!forbiddenFiles.test(name), `${name} must not be in the tarball`);
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  check(
    bytes <= maxUnpackedBytes,
    `unpacked it has ${bytes} bytes, more than the ${maxUnpackedBytes} allowed`,
  );
  return `${files.length} files, ${bytes} bytes`;
}

function checkManifest(manifest) {
  for (const protocol of ["workspace:", "catalog:"]) {
    check(
      !JSON.stringify(manifest).includes(`"${protocol}`),
      `the packed package.json still has a "${protocol}" range`,
    );
  }
  for (const field of ["dependencies", "optionalDependencies", "peerDependencies"]) {
    for (const name of Object.keys(manifest[field] ?? {})) {
      const isOptional = manifest.peerDependenciesMeta?.[name]?.optional === true;
      check(
        name.startsWith("@netcli/") || (field === "peerDependencies" && isOptional),
        `${field} names ${name}: only @netcli packages may be needed at run time`,
      );
      // Boundaries can't say so: tests of clients run against servers that are built on it.
      check(name !== "@netcli/socketserver", `${field} names ${name}: no client needs a server`);
    }
  }
}

/** Installs the tarballs as a user would and returns the export names, which both module systems must agree on. */
function checkInstalled(name, tarballs) {
  const cwd = join(temp, "user");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "package.json"), "{}");
  // Neither the settings of this machine nor those that pnpm hands to its scripts may play a part.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^p?npm_|^node_/i.test(key)));
  for (const level of ["user", "global"]) env[`npm_config_${level}config`] = join(temp, `no-${level}-npmrc`);
  env.npm_config_cache = join(temp, "npm-cache");
  const npm = run("npm", ["i", "--offline", "--no-audit", "--no-fund", ...tarballs], { cwd, env });
  if (!check(npm.ok, `npm i --offline of the tarballs failed:\n${npm.output}`)) return [];
  const lists = Object.entries({
    module: `import * as all from ${JSON.stringify(name)};`,
    commonjs: `const all = require(${JSON.stringify(name)});`,
  }).map(([type, load]) => {
    const print = 'console.log(Object.keys(all).filter((key) => key !== "__esModule").sort().join());';
    const { ok, stdout, output } = run(process.execPath, [`--input-type=${type}`, "-e", load + print], {
      cwd,
      env,
    });
    return check(ok, `loading it from a ${type} file failed:\n${output}`) ? stdout.trim() : undefined;
  });
  if (lists.includes(undefined)) return [];
  check(lists[0] === lists[1], `import and require see different exports:\n${lists.join("\n")}`);
  check(lists[0] !== "", "it exports nothing");
  return lists[0].split(",");
}

function main() {
  const tarballs = [...withDependencies(process.cwd())].map(pack);
  const unpacked = join(temp, "unpacked");
  mkdirSync(unpacked);
  const tar = run("tar", ["-xzf", tarballs[0], "-C", unpacked]);
  if (!tar.ok) throw new Error(`tar failed:\n${tar.output}`);
  const folder = join(unpacked, "package");
  const manifest = readJson(join(folder, "package.json"));
  const size = checkFiles(folder);
  checkManifest(manifest);
  const publint = runTool("publint", [tarballs[0], "--strict"]);
  check(publint.ok, `publint:\n${publint.output}`);
  const attw = runTool("@arethetypeswrong/cli", [tarballs[0], "--profile", "esm-only"]);
  check(attw.ok, `attw:\n${attw.output}`);
  const names = checkInstalled(manifest.name, tarballs);
  if (problems.length === 0)
    console.log(`${manifest.name} ${manifest.version}: ${size}, ${names.length} exports: ok`);
}

try {
  main();
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  rmSync(temp, { recursive: true, force: true });
}
for (const problem of problems) console.error(`FAILED: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
