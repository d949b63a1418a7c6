// Gives the terminal a size, `resized.mjs COLUMNS ROWS`, tells its name, and runs the program on it.
import { spawnSync } from "node:child_process";

const [columns = "", rows = ""] = process.argv.splice(2, 2);
spawnSync("stty", ["cols", columns, "rows", rows], { stdio: "inherit" });
spawnSync("tty", { stdio: "inherit" });
await import("../dist/main.js");
