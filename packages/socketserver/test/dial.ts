// Clients of the servers under test: connections of our own, wherever the server listens.
import { connect, type Connection, type ConnectOptions } from "@netcli/core-transport";
import type { ServerAddress } from "../src/index.ts";

/** Where something listens: a server, or its address. */
type At = ServerAddress | { readonly address: ServerAddress };

/** What `connect` wants to know about an address. */
function target(at: At): { host: string; port: number } | { path: string } {
  const { address, port } = typeof at.address === "string" ? (at as ServerAddress) : at.address;
  return port === 0 ? { path: address } : { host: address, port };
}

/** Connects; anything that takes longer than 20 seconds has failed. */
export function dial(at: At, options: Partial<ConnectOptions> = {}): Promise<Connection> {
  return connect({ timeouts: { stall: 20_000 }, ...target(at), ...options });
}

/** Sends a line and gives the one that comes back. */
export async function ask(connection: Connection, line: string): Promise<string | undefined> {
  await connection.writeLine(line);
  return connection.readLine();
}
