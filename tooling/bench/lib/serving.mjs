// What the Node servers under test share: says where they listen, reports when asked, ends with the runner.
import { createInterface } from "node:readline";

const reports = {
  /** Seconds until now. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  /** Resident bytes, without garbage; needs --expose-gc. Twice, for what the first run leaves to finalizers. */
  memory() {
    globalThis.gc();
    globalThis.gc();
    return process.memoryUsage.rss();
  },
};

/** Each line the runner writes is the name of a report. */
export function announce(host, port) {
  console.log(JSON.stringify({ host, port }));
  createInterface(process.stdin)
    .on("line", (name) => console.log(JSON.stringify(reports[name]())))
    .on("close", () => process.exit(0));
}
