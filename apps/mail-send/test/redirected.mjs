// Runs the program with a file for stdin, as a shell does: `redirected.mjs FILE ARGUMENTS...`.
import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [file = "", ...args] = process.argv.slice(2);
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const { status } = spawnSync(process.execPath, [main, ...args], {
  stdio: [openSync(file), "inherit", "inherit"],
});
process.exitCode = status ?? 1;
