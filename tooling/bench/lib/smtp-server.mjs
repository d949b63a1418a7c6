// Starts the servers of the SMTP jobs, which take messages and throw them away: near ones, and one a long way off.
import { join } from "node:path";
import { environmentOf, unpack } from "../../interop/lib/debian.mjs";
import { removeLeftovers } from "../../interop/lib/leftovers.mjs";
import { Skipped as NotThere } from "../../interop/lib/skipped.mjs";
import { script, Skipped } from "./children.mjs";
import { needNamespace, startAtDistance } from "./distance.mjs";

const ownSink = "servers/smtp_sink.py";
let unpacked;

/** Not installed: that would start a mail server, or push another one out. */
function unpackPostfix() {
  if (unpacked === undefined) {
    process.on("exit", removeLeftovers);
    unpacked = unpack(["postfix"]);
  }
  const { LD_LIBRARY_PATH: others } = environmentOf(unpacked);
  const own = join(unpacked, "usr/lib/postfix");
  const libraries = others === undefined ? own : `${own}:${others}`;
  return script("servers/smtp-sink.mjs", join(unpacked, "usr/sbin/smtp-sink"), libraries);
}

/** Ours tells how much came; it needs so little itself that it is never the slow side of a big message. */
export const startOwnSink = ({ serve }) => serve(ownSink);

/** Postfix's smtp-sink, or ours where it can't be had. */
export async function startPostfixSink({ start, serve }) {
  try {
    return { ...(await start(unpackPostfix())), text: "smtp-sink of Postfix" };
  } catch (error) {
    if (!(error instanceof NotThere)) throw error;
    return { ...(await serve(ownSink)), text: `our own sink (${error.message})` };
  }
}

async function startBehindRelay({ serve }, delayMs, reason) {
  const { host, port } = await serve(ownSink);
  const relay = await serve("servers/smtp-relay.mjs", delayMs, host, port);
  const text = `our own sink behind a relay that waits ${delayMs} ms each way (${reason})`;
  return { ...relay, within: (command) => command, text };
}

/** Our sink, with a round trip of twice `delayMs`. `within` makes the command with which a client reaches it. */
export async function startFarSink(context, delayMs) {
  try {
    needNamespace();
    return await startAtDistance(context, script(ownSink), delayMs, "our own sink");
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return startBehindRelay(context, delayMs, error.message);
  }
}
