// Connections as a server accepts them, with the client's end as a bare socket or as a connection of ours.
import { once } from "node:events";
import { connect as netConnect, Server, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { type AcceptedOptions, Connection } from "../src/index.ts";

export interface Pair {
  /** The server's end. */
  accepted: Socket;
  /** The client's end, which nobody reads yet; paused. */
  client: Socket;
  [Symbol.asyncDispose](): Promise<void>;
}

interface PairOptions {
  /** Accepts sockets paused. */
  paused?: boolean;
  /** A Unix socket there instead of TCP. */
  path?: string;
}

export async function acceptedPair({ paused = false, path }: PairOptions = {}): Promise<Pair> {
  const server = new Server({ allowHalfOpen: true, pauseOnConnect: paused });
  await once(path === undefined ? server.listen(0, "127.0.0.1") : server.listen(path), "listening");
  const address = server.address();
  const accepting = once(server, "connection");
  const client =
    path === undefined
      ? netConnect({
          port: typeof address === "object" && address !== null ? address.port : 0,
          allowHalfOpen: true,
        })
      : netConnect({ path, allowHalfOpen: true });
  client.on("error", () => undefined).pause();
  const [accepted] = (await accepting) as [Socket];
  server.close();
  return {
    accepted,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      accepted.destroy();
      while (!client.closed || !accepted.closed) await turn();
    },
  };
}

/** The connection of the server's end, and the client's end. */
export async function acceptedConnection(
  options: AcceptedOptions & PairOptions = {},
): Promise<Pair & { connection: Connection }> {
  const { paused = false, path, ...rest } = options;
  const pair = await acceptedPair({ paused, ...(path === undefined ? {} : { path }) });
  return { ...pair, connection: Connection.over(pair.accepted, rest) };
}

/** Sends, and waits until the kernel has it: on loopback the other end then can read it. */
export async function send(client: Socket, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.write(data, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Exactly so many of the bytes that come next, as text; the socket stays paused. */
export async function take(client: Socket, count: number): Promise<string> {
  for (;;) {
    const bytes = client.read(count) as Buffer | null;
    if (bytes !== null) return bytes.toString();
    await once(client, "readable");
  }
}

/** As many turns of the event loop, each with a poll, as would bring everything that is in the kernel. */
export async function turns(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await turn();
}
