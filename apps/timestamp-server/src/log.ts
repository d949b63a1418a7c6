// What the server says about its clients: who came on stdout, in the words of the books, and what failed on stderr.
import { NetcliError, printable } from "@netcli/core-transport";
import type { ClientAddress } from "@netcli/socketserver";

// Only worker processes have a channel to a parent. They say which of them it is that serves.
const by = process.connected ? ` (process ${process.pid})` : "";

/** As Python prints it. Clients of a Unix stream socket have no address. */
function show([address, port]: ClientAddress): string {
  if (address === "") return "a Unix socket";
  return port === 0 ? `'${printable(address)}'` : `('${address}', ${port})`;
}

/** Someone has connected. */
export function logConnection(from: ClientAddress): void {
  console.log(`...connected from: ${show(from)}${by}`);
}

/** A datagram has come. */
export function logDatagram(from: ClientAddress): void {
  console.log(`...received from: ${show(from)}${by}`);
}

/** A client could not be served to the end. */
export function logFailure(error: unknown, from: ClientAddress): void {
  // Everything else is a mistake of ours: then it matters where it happened.
  const what = error instanceof NetcliError ? printable(error.message) : error;
  console.error(`timestamp-server: ${show(from)}:`, what);
}
