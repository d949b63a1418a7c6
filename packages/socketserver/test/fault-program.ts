// Servers in processes of their own, which may have few file descriptors, or be killed.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerStats } from "../src/index.ts";

export interface Report {
  readonly stats: ServerStats;
  readonly errors: readonly string[];
  /** The most bytes of memory that it ever had. */
  readonly memory: number;
}

/** How many file descriptors a process may have here. */
export function descriptorLimit(): number {
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Infinity : Number(limit);
}

/** What fixtures/fault-program.mjs is to do. */
export interface ProgramOptions {
  /** Worker processes; 0: `serve`, which has none. */
  readonly workers: number;
  /** File descriptors of each of its processes. */
  readonly descriptors?: number;
}

export class Program implements AsyncDisposable {
  readonly port: number;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;

  private constructor(child: ChildProcess, exited: Promise<unknown>, port: number) {
    this.child = child;
    this.exited = exited;
    this.port = port;
  }

  static async start({ workers, descriptors }: ProgramOptions): Promise<Program> {
    const path = fileURLToPath(new URL("fixtures/fault-program.mjs", import.meta.url));
    const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors} && `;
    const child = spawn("sh", ["-c", `${limit}exec "$0" "$@"`, process.execPath, path, String(workers)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const exited = once(child, "exit");
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new Program(child, exited, port);
  }

  async report(): Promise<Report> {
    const answer = once(this.child, "message");
    this.child.send("report");
    const [report] = (await answer) as [Report];
    return report;
  }

  /** Shuts it down; gives how many milliseconds that took. */
  async end(deadline: number): Promise<number> {
    const answer = once(this.child, "message");
    this.child.send({ deadline });
    const [{ took }] = (await answer) as [{ took: number }];
    await this.exited;
    return took;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }
}
