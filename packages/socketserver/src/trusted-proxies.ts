// Load balancers in front of the server: whom to believe, and reading what they say before the client's first byte.
import { BlockList, isIP, type Socket } from "node:net";
import { ArgumentError, ConnectionClosedError, type PeerAddress } from "@netcli/core-transport";
import { parseProxyHeader } from "./proxy-protocol.ts";

/** Who may send a PROXY header. A header from anyone else is taken for the client's own bytes. */
export interface ProxyProtocolOptions {
  /** IP addresses and networks (`10.0.0.0/8`), and `unix` for whoever connects by a Unix socket. They must send one. */
  readonly trusted: readonly string[];
}

export class TrustedProxies {
  readonly #networks: BlockList = new BlockList();
  #unix = false;

  /** Throws ArgumentError for what is neither an address nor a network. */
  constructor({ trusted }: ProxyProtocolOptions) {
    for (const entry of trusted) {
      const [address = "", prefix, ...rest] = entry.split("/");
      const family = isIP(address);
      const bits = family === 6 ? 128 : 32;
      if (entry === "unix") {
        this.#unix = true;
      } else if (family === 0 || rest.length > 0 || (prefix !== undefined && !isPrefix(prefix, bits))) {
        throw new ArgumentError(`"${entry}" is neither an IP address nor a network such as 10.0.0.0/8`);
      } else {
        this.#networks.addSubnet(address, Number(prefix ?? bits), family === 6 ? "ipv6" : "ipv4");
      }
    }
  }

  includes({ remoteAddress, remoteFamily }: Socket): boolean {
    if (remoteAddress === undefined) return this.#unix;
    return this.#networks.check(remoteAddress, remoteFamily === "IPv6" ? "ipv6" : "ipv4");
  }
}

function isPrefix(text: string, bits: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= bits;
}

/**
 * Takes the PROXY header off a socket that nobody reads yet, and says where the client is; undefined: where the
 * socket says. Rejects with ProtocolError, ConnectionClosedError, or the signal's reason.
 */
export function readProxyHeader(socket: Socket, signal: AbortSignal): Promise<PeerAddress | undefined> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const settle = (act: () => void): void => {
      socket.off("readable", onReadable);
      socket.off("end", onEnd);
      socket.off("error", onEnd);
      socket.off("close", onEnd);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onReadable = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      try {
        const header = parseProxyHeader(received);
        if (header === undefined) return;
        const rest = received.subarray(header.bytes);
        settle(() => {
          if (rest.length > 0) socket.unshift(rest);
          resolve(header.source);
        });
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const onEnd = (): void =>
      settle(() => reject(new ConnectionClosedError("the proxy closed the connection before its header")));
    const onAbort = (): void => settle(() => reject(signal.reason as Error));
    socket.on("readable", onReadable);
    socket.once("end", onEnd);
    socket.once("error", onEnd);
    socket.once("close", onEnd);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    // It has said so already.
    else if (socket.readableEnded || socket.destroyed) onEnd();
  });
}
