// Runs every gate but the tests, shows what each prints, and ends with a table: `pnpm check`.
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };

/** The command line of a program of the workspace, given its manifest: without a shell between. */
function tool(manifest, ...args) {
  const { bin } = JSON.parse(readFileSync(new URL(manifest), "utf8"));
  return [process.execPath, fileURLToPath(new URL(Object.values(bin)[0], manifest)), ...args];
}

function git(...args) {
  return spawnSync("git", args, { cwd: root, encoding: "utf8" });
}

/** `changeset status` wants the commit since which each changed package needs a changeset. */
function changesetArguments() {
  const branch = process.env.GITHUB_HEAD_REF || git("branch", "--show-current").stdout?.trim();
  const exists = (ref) => git("rev-parse", "--verify", "--quiet", ref).status === 0;
  if (branch === "main") return ["status"];
  // The release pull request has just used up the changesets.
  const base = branch?.startsWith("changeset-release/") ? "HEAD" : "origin/main";
  return ["status", ...(exists(base) ? [`--since=${base}`] : [])];
}

/** Why turbo could not start the pnpm that is on PATH, or undefined. */
function pnpmProblem() {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devEngines.packageManager;
  const advice = `Install it so that it is on PATH: npm i -g --allow-scripts=pnpm pnpm@${version}`;
  const started = spawnSync("pnpm", ["--version"], { cwd: root, encoding: "utf8", shell: windows });
  if (started.status !== 0) {
    return `pnpm could not be started (${started.error?.message ?? started.stderr.trim()}). ${advice}`;
  }
  // npm 12 runs no install scripts, and what it leaves on PATH then is a text file without a "#!" line. Node.js
  // hands such a file to a shell, so it seemed to work just now; turbo does not, and fails with a bare
  // "Exec format error".
  if (!windows && firstBytes("pnpm").startsWith("# ")) {
    return `The pnpm on PATH is a placeholder that only a shell can start, as npm 12 leaves it. ${advice}`;
  }
  return undefined;
}

/** The first two bytes of a program on PATH, or "". */
function firstBytes(program) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      const file = openSync(join(folder, program));
      const bytes = Buffer.alloc(2);
      readSync(file, bytes);
      closeSync(file);
      return bytes.toString("latin1");
    } catch {
      // Not in this folder.
    }
  }
  return "";
}

const changeset = import.meta.resolve("@changesets/cli/package.json");
// knip exports no manifest.
const knip = new URL("../node_modules/knip/package.json", import.meta.url);
const oxfmt = import.meta.resolve("oxfmt/package.json");
const oxlint = import.meta.resolve("oxlint/package.json");
const tsc = import.meta.resolve("typescript/package.json");
const turbo = import.meta.resolve("turbo/package.json");

const gates = [
  { name: "lint", commands: [tool(oxlint)] },
  { name: "format", commands: [tool(oxfmt, "--check")] },
  { name: "types", commands: [tool(tsc, "-b", "tsconfig.build.json"), tool(tsc, "-p", "tsconfig.json")] },
  { name: "unused", commands: [tool(knip)] },
  { name: "boundaries", commands: [tool(turbo, "boundaries")], needsPnpm: true },
  { name: "packages", commands: [tool(turbo, "run", "check:package")], needsPnpm: true },
  { name: "lockfile", commands: [["pnpm", "dedupe", "--check"]], needsPnpm: true },
  { name: "changesets", commands: [tool(changeset, ...changesetArguments())] },
];

const missing = pnpmProblem();
const rows = gates.map(({ name, commands, needsPnpm }) => {
  console.log(`\n--- ${name}`);
  const start = performance.now();
  let ok = true;
  if (needsPnpm && missing !== undefined) {
    console.error(missing);
    ok = false;
  } else {
    ok = commands.every(([program, ...args]) => {
      const shell = windows && program === "pnpm";
      const result = spawnSync(program, args, {
        cwd: root,
        env,
        stdio: ["ignore", "inherit", "inherit"],
        shell,
      });
      if (result.error) console.error(result.error.message);
      return result.status === 0;
    });
  }
  return { name, ok, seconds: (performance.now() - start) / 1000 };
});

console.log();
for (const { name, ok, seconds } of rows) {
  console.log(`${name.padEnd(12)}${(ok ? "ok" : "FAILED").padEnd(8)}${seconds.toFixed(1).padStart(6)} s`);
}
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
