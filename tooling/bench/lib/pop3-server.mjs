// Starts Dovecot for the POP3 jobs: near, and a long way off.
import { unpack } from "../../interop/lib/debian.mjs";
import { removeLeftovers } from "../../interop/lib/leftovers.mjs";
import { Skipped as NotThere } from "../../interop/lib/skipped.mjs";
import { dovecot } from "../../interop/servers/dovecot.mjs";
import { script, Skipped } from "./children.mjs";
import { needNamespace, startAtDistance } from "./distance.mjs";

let unpacked;

/** Not installed: that would push another server out. */
function unpackDovecot() {
  if (process.getuid?.() !== 0) throw new Skipped("Dovecot needs root");
  if (unpacked === undefined) process.on("exit", removeLeftovers);
  try {
    unpacked ??= unpack(dovecot.packages);
  } catch (error) {
    if (error instanceof NotThere) throw new Skipped(error.message);
    throw error;
  }
  return unpacked;
}

const serverOf = (folder) => script("servers/dovecot.mjs", unpackDovecot(), folder);

/** Serves the maildrop that was made in that folder. Throws Skipped where Dovecot can't be had. */
export const startDovecot = ({ start, folder }) => start(serverOf(folder));

async function startBehindRelay(context, delayMs, reason) {
  const { host, port } = await startDovecot(context);
  const relay = await context.serve("servers/smtp-relay.mjs", delayMs, host, port);
  const text = `Dovecot behind a relay that waits ${delayMs} ms each way (${reason})`;
  return { ...relay, within: (command) => command, text };
}

/** The same with a round trip of twice `delayMs`. `within` makes the command with which a client reaches it. */
export async function startFarDovecot(context, delayMs) {
  const server = serverOf(context.folder);
  try {
    needNamespace();
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return startBehindRelay(context, delayMs, error.message);
  }
  return startAtDistance(context, server, delayMs, "Dovecot");
}
