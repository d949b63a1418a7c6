// Builds the load that the server jobs put on a server: load.c where it compiles, otherwise the one in Node.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { script } from "./children.mjs";

function build(folder) {
  const target = join(folder, "load");
  const source = fileURLToPath(new URL("../load/load.c", import.meta.url));
  const compiler = process.env.CC ?? "cc";
  const { status } = spawnSync(compiler, ["-O2", "-o", target, source], { stdio: "ignore", timeout: 60_000 });
  return status === 0 ? target : undefined;
}

/** Its name, and what makes its command for a server from the arguments that load.c explains. */
export function buildLoad(folder) {
  const target = build(folder);
  const command = target === undefined ? script("load/load.mjs") : [target];
  return {
    text: target === undefined ? "load in Node, for want of a C compiler that builds load.c" : "load in C",
    on:
      (job, ...numbers) =>
      ({ host, port }) => [...command, job, host, ...[port, ...numbers].map(String)],
  };
}
