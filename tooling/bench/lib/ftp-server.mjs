// Starts the servers of the FTP jobs: near ones, and such as are a long way off.
import { script, Skipped } from "./children.mjs";
import { provide } from "./debian.mjs";
import { needNamespace, startAtDistance } from "./distance.mjs";

/** Throws Skipped where vsftpd, or the right to run it, is missing. */
function needVsftpd() {
  if (process.getuid?.() !== 0) throw new Skipped("vsftpd needs root");
  provide("vsftpd", "vsftpd");
}

export function startNear({ start }, place) {
  needVsftpd();
  return start(script("servers/vsftpd.mjs", place.folder));
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
