// A TCP relay that stands for a long way: every byte takes its time, in both directions, and nothing else changes.
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { listen } from "./loopback.ts";

export interface DelayedRelayOptions {
  /** Where it leads; it listens on the same address. */
  host: string;
  port: number;
  /** From one end to the other: half a round trip. */
  milliseconds: number;
  /** Listens for one connection only. */
  once?: boolean | undefined;
}

export interface DelayedRelay extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Cuts what is open. */
  close(): Promise<void>;
}

/**
 * Starts a relay. Order and bandwidth stay what they are: what is read at one time is written a fixed time later.
 * The kernel accepts a connection at once, where over a long way that takes a round trip. So the server gets it as
 * late as it would (one and a half round trips), and whatever waits for an answer of the server is as slow as it has
 * to be; but who waits for nothing else than the connection itself does not see the distance.
 */
export async function delayedRelay(options: DelayedRelayOptions): Promise<DelayedRelay> {
  const sockets = new Set<Socket>();
  let isClosed = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
  };
  const { host, port, milliseconds, once = false } = options;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    if (once) server.close();
    const connected = wait(3 * milliseconds).then(() => {
      // A destroyed socket, for whom it may concern.
      if (isClosed) return client;
      const upstream = connect({ host, port, allowHalfOpen: true });
      keep(upstream);
      forward(upstream, Promise.resolve(client), milliseconds);
      return upstream;
    });
    forward(client, connected, milliseconds);
  });
  const endpoint = await listen(server, { host });
  const close = async (): Promise<void> => {
    isClosed = true;
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  return { ...endpoint, close, [Symbol.asyncDispose]: close };
}

/** Does to `target`, late, what happens to `source`. */
function forward(source: Socket, target: Promise<Socket>, milliseconds: number): void {
  let isWaiting = false;
  let isBroken = false;
  // Timers of the same length run in the order in which they were set, and so do the reactions to one promise.
  const later = (act: (to: Socket) => void): void => {
    setTimeout(() => {
      void target.then((to) => {
        if (!to.destroyed) act(to);
      });
    }, milliseconds);
  };
  source.on("data", (chunk) => {
    later((to) => {
      if (to.write(chunk) || isWaiting) return;
      isWaiting = true;
      source.pause();
      to.once("drain", () => {
        isWaiting = false;
        source.resume();
      });
    });
  });
  source.once("end", () => later((to) => to.end()));
  source.on("error", () => {
    isBroken = true;
  });
  source.once("close", () => {
    if (isBroken) later((to) => to.resetAndDestroy());
    else if (!source.readableEnded) later((to) => to.destroy());
  });
}
