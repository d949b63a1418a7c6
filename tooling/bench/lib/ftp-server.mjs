// Starts the servers of the FTP jobs: near ones, and such as are a long way off.
import { spawnSync } from "node:child_process";
import { script, Skipped } from "./children.mjs";
import { provide } from "./debian.mjs";

/** Throws Skipped where vsftpd, or the right to run it, is missing. */
function needVsftpd() {
  if (process.getuid?.() !== 0) throw new Skipped("vsftpd needs root");
  provide("vsftpd", "vsftpd");
}

export function startNear({ start }, place) {
  needVsftpd();
  return start(script("servers/vsftpd.mjs", place.folder));
}

// A killed `unshare` takes all with it that runs in there.
const newNamespace = ["unshare", "--net", "--pid", "--fork", "--kill-child"];

function needNamespace() {
  provide("iptables", "iptables");
  const [unshare, ...flags] = newNamespace;
  const queue = "iptables -A INPUT -i lo -j NFQUEUE --queue-num 0";
  const { status } = spawnSync(unshare, [...flags, ...queue.split(" ")], { stdio: "ignore" });
  if (status !== 0) throw new Skipped("no network namespace with a packet queue");
}

/** In a network namespace in which every packet takes its time; clients must be run in there. */
async function startAtDistance({ start }, server, delayMs, text) {
  const started = await start([...newNamespace, ...script("servers/distance.py", delayMs, ...server)]);
  return {
    ...started,
    within: (command) => ["nsenter", `--net=/proc/${started.pid}/ns/net`, ...command],
    text: `${text}, ${2 * delayMs} ms of round trip`,
  };
}

/** Our own test server, which delays what it reads and writes, where there is no namespace or no vsftpd. */
async function startDelaying({ serve }, place, delayMs, reason) {
  const started = await serve("servers/ftp-test-server.mjs", place.folder, delayMs);
  return {
    ...started,
    within: (command) => command,
    text: `our test server, which waits ${delayMs} ms each way (${reason})`,
  };
}

async function startAtBest(context, place, delayMs, startBest) {
  try {
    needNamespace();
    return await startBest();
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return startDelaying(context, place, delayMs, error.message);
  }
}

/** `delayMs` is half a round trip. `within` makes the command with which a client reaches it. */
export function startFar(context, place, delayMs) {
  return startAtBest(context, place, delayMs, () => {
    needVsftpd();
    return startAtDistance(context, script("servers/vsftpd.mjs", place.folder), delayMs, "vsftpd");
  });
}

/** The same with our test server, which knows all that TLS 1.3 can do: vsftpd's handshake takes another round trip. */
export function startFarTestServer(context, place, delayMs) {
  const server = script("servers/ftp-test-server.mjs", place.folder, 0);
  return startAtBest(context, place, delayMs, () =>
    startAtDistance(context, server, delayMs, "our test server"),
  );
}
