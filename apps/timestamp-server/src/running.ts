// What the styles have in common once they listen.
import { isIPv6 } from "node:net";

/** A server that listens. */
export interface Running {
  readonly address: string;
  /** Takes no more, lets requests that were read end, and resolves when all have ended. */
  stop(): Promise<void>;
  /** Ends what `stop` waits for. */
  cut(): Promise<void>;
}

/** The address for people; port 0 is that of a Unix socket. */
export function showAddress(address: string, port: number): string {
  if (port === 0) return address;
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
