// A long way between a server and its clients: a network namespace in which every packet takes its time.
import { spawnSync } from "node:child_process";
import { script, Skipped } from "./children.mjs";
import { provide } from "./debian.mjs";

// A killed `unshare` takes all with it that runs in there.
const newNamespace = ["unshare", "--net", "--pid", "--fork", "--kill-child"];

/** Throws Skipped where there is no such namespace to be had. */
export function needNamespace() {
  provide("iptables", "iptables");
  const [unshare, ...flags] = newNamespace;
  const queue = "iptables -A INPUT -i lo -j NFQUEUE --queue-num 0";
  const { status } = spawnSync(unshare, [...flags, ...queue.split(" ")], { stdio: "ignore" });
  if (status !== 0) throw new Skipped("no network namespace with a packet queue");
}

/** `delayMs` is half a round trip. `within` makes the command with which a client reaches the server. */
export async function startAtDistance({ start }, server, delayMs, text) {
  const started = await start([...newNamespace, ...script("servers/distance.py", delayMs, ...server)]);
  return {
    ...started,
    within: (command) => ["nsenter", `--net=/proc/${started.pid}/ns/net`, ...command],
    text: `${text}, ${2 * delayMs} ms of round trip`,
  };
}
