// Says what the numbers were measured with: versions and processor, never the host's name.
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, type } from "node:os";

function firstLine(command, pattern) {
  const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return pattern.exec(stdout ?? "")?.[1] ?? "not present";
}

export function describeMachine() {
  return {
    node: process.versions.node,
    python: firstLine("python3", /^Python (\S+)/),
    curl: firstLine("curl", /^curl (\S+)/),
    system: `${type()} ${process.arch}`,
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
  };
}
