// Asks for a password with a file for stdin, `ask.mjs FILE`, and says what it got and what it can still read.
import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { askPassword } from "../dist/index.js";

const [file = ""] = process.argv.slice(2);
if (file === "") {
  const { signal } = new AbortController();
  const password = await askPassword({ variable: "TEST_PASSWORD", user: "ada", host: "h.example", signal });
  console.log(`[${password.toUpperCase()}] [${await text(process.stdin)}]`);
} else {
  const stdio = [openSync(file), "inherit", "inherit"];
  spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { stdio });
}
