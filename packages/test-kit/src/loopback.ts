// Where test servers listen: a free port of a loopback address, or a Unix socket.
import type { Server } from "node:net";
import { isLoopback } from "./ip-address.ts";

export interface ListenOptions {
  /** A loopback address; 127.0.0.1 when left out. */
  host?: string | undefined;
  /** A Unix socket to listen on instead. */
  path?: string | undefined;
}

export interface Endpoint {
  host: string;
  port: number;
}

/** Starts the server; a Unix socket has no host and no port, which come back as "" and 0. */
export async function listen(server: Server, options: ListenOptions): Promise<Endpoint> {
  const { host = "127.0.0.1", path } = options;
  if (!isLoopback(host)) throw new TypeError(`a test server does not listen on ${host}`);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path === undefined ? { host, port: 0 } : { path }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === "string") return { host: "", port: 0 };
  return { host: address.address, port: address.port };
}
