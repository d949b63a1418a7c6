// Where a client is, as Python says it.
import type { Connection } from "@netcli/core-transport";

/** Where a client is. For a Unix socket: its path, or nothing, and port 0. */
export type ClientAddress = readonly [address: string, port: number];

/** Where the client of a connection is, for a log or a reply. */
export function clientAddressOf(connection: Connection | undefined): ClientAddress {
  return [connection?.remoteAddress ?? "", connection?.remotePort ?? 0];
}
