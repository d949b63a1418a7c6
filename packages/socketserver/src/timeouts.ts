// How long a client may take, with the origin of each number.

/** Timeouts of a server in milliseconds; `Infinity` turns one off. */
export interface ServerTimeouts {
  /** From the connection to the end of the PROXY header and of the TLS handshake. 10 s: ranch gives 5, Node 120. */
  handshake: number;
  /**
   * No byte moved although the handler waits for one, in either direction; for a line from its first byte to its
   * last. 5 min: RFC 5321 4.5.3.2.7 asks for it. Protocols that allow more call `connection.setStall`.
   */
  idle: number;
  /** From the call of the handler to its end. No limit. */
  handler: number;
  /** From the connection to its end. No limit. */
  total: number;
  /** How long the client may take to end its side after we ended ours. 2 s. */
  close: number;
}

export const defaultServerTimeouts: Readonly<ServerTimeouts> = {
  handshake: 10_000,
  idle: 300_000,
  handler: Infinity,
  total: Infinity,
  close: 2_000,
};

/** Milliseconds that handlers get to finish when a server is shut down. */
export const DEADLINE = 10_000;

/** setTimeout's own maximum; anything longer means "never". */
export const LONGEST = 2_147_483_647;
