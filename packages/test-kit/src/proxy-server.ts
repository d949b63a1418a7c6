// What the test proxies have in common: a server of their own, and a relay that never leaves the machine.
import { connect, isIP, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { isLoopback, urlHost } from "./ip-address.ts";
import type { Script } from "./play.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";
import { scriptedServer } from "./scripted-server.ts";

/** Where a client wants to be connected to, just as it said. */
export interface ProxyRequest {
  host: string;
  port: number;
}

export interface ProxyOptions {
  /** The loopback address to listen on; 127.0.0.1 when left out. */
  host?: string | undefined;
  /** With these two, clients have to give exactly these. */
  username?: string | undefined;
  password?: string | undefined;
  /** Answers every request with this reply code (SOCKS) or status (HTTP). */
  refuseWith?: number | undefined;
  /** Accepts connections and never says a word. */
  silent?: boolean | undefined;
}

export interface ProxyServer {
  readonly host: string;
  readonly port: number;
  /** For instance `socks5://127.0.0.1:1234`; without credentials. */
  readonly url: string;
  /** The requests of clients that had the right credentials. */
  readonly requests: readonly ProxyRequest[];
  /** Rejects if a client broke the protocol. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Why there is no connection: the name is unknown, the address is not on this machine, or nobody listens. */
export type Unreachable = "unknown" | "forbidden" | "refused";

export async function proxyServer(
  scheme: string,
  options: ProxyOptions,
  serve: (peer: ScriptedPeer, requests: ProxyRequest[]) => Promise<void>,
): Promise<ProxyServer> {
  const requests: ProxyRequest[] = [];
  const script: Script = (peer) => (options.silent === true ? peer.closed : serve(peer, requests));
  const server = await scriptedServer(script, { host: options.host });
  return {
    host: server.host,
    port: server.port,
    url: `${scheme}://${urlHost(server.host)}:${server.port}`,
    requests,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export async function reach({ host, port }: ProxyRequest): Promise<Socket | Unreachable> {
  const address = host.toLowerCase() === "localhost" ? "127.0.0.1" : host;
  if (isIP(address) === 0) return "unknown";
  if (!isLoopback(address)) return "forbidden";
  const upstream = connect({ host: address, port, allowHalfOpen: true });
  return new Promise((resolve) => {
    upstream.on("error", () => resolve("refused"));
    upstream.once("connect", () => resolve(upstream));
  });
}

/** Says yes, then carries bytes both ways until both sides have ended, each by itself, or one of them breaks. */
export async function relay(peer: ScriptedPeer, upstream: Socket, reply: string | Uint8Array): Promise<void> {
  try {
    await peer.send(reply);
    const client = peer.handOver();
    await Promise.allSettled([pipeline(client, upstream), pipeline(upstream, client)]);
  } finally {
    upstream.destroy();
  }
}
