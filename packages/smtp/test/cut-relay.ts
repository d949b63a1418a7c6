// A relay to a server that cuts, or falls silent, behind so many bytes of one side of its first connection.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Where and how. */
export interface Cut {
  readonly side: "client" | "server";
  readonly after: number;
  /**
   * `end`: the client hears an end, and the server too unless it is its own side that is cut. `reset`: the client hears
   * a reset. `silence`: nothing is passed on any more.
   */
  readonly how: "end" | "reset" | "silence";
}

export interface CutRelay extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** What the client has said in its first connection, passed on or not. */
  readonly said: () => string;
  /** How many bytes the server has said in it, passed on or not. */
  readonly heard: () => number;
}

const host = "127.0.0.1";

/** Connections behind the first one are left alone. Without a cut all are. */
export async function cutRelay(port: number, cut?: Cut): Promise<CutRelay> {
  const sockets = new Set<Socket>();
  const said: Buffer[] = [];
  let heard = 0;
  let connections = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    // The other side is told by the "close" behind it.
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  };
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    const isFirst = connections === 1;
    const upstream = connect({ host, port, allowHalfOpen: true });
    keep(client);
    keep(upstream);
    const pass = passage(client, upstream, isFirst ? cut : undefined);
    client.on("data", (chunk) => {
      if (isFirst) said.push(chunk);
      pass("client", chunk);
    });
    upstream.on("data", (chunk) => {
      if (isFirst) heard += chunk.length;
      pass("server", chunk);
    });
    const isSilent = (): boolean => isFirst && cut?.how === "silence";
    client.once("end", () => upstream.end());
    client.once("close", () => upstream.end());
    upstream.once("end", () => void (isSilent() || client.end()));
    upstream.once("close", () => void (isSilent() || client.destroySoon()));
  });
  relay.listen(0, host);
  await once(relay, "listening");
  return {
    host,
    port: (relay.address() as AddressInfo).port,
    said: () => Buffer.concat(said).toString("latin1"),
    heard: () => heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        relay.close(() => resolve());
      });
    },
  };
}

/** Passes chunks on up to the cut. */
function passage(
  client: Socket,
  upstream: Socket,
  cut: Cut | undefined,
): (side: Cut["side"], chunk: Buffer) => void {
  let left = cut?.after ?? Infinity;
  let isStruck = false;
  const strike = (): void => {
    if (cut?.how === "reset") client.resetAndDestroy();
    else if (cut?.how === "end") client.end();
    if (cut?.how !== "silence" && cut?.side === "client") upstream.end();
  };
  return (side, chunk) => {
    const target = side === "client" ? upstream : client;
    const isCut = isStruck && (side === cut?.side || cut?.how === "silence");
    if (isCut || target.writableEnded || target.destroyed) return;
    if (side !== cut?.side || chunk.length < left) {
      if (side === cut?.side) left -= chunk.length;
      target.write(chunk);
      return;
    }
    target.write(chunk.subarray(0, left), strike);
    isStruck = true;
  };
}

const SIDE_BY_SIDE = 8;
const LONGEST_MILLISECONDS = 20_000;

/** Does something at each place, several at a time. Resolves to what went wrong, with the place in front. */
export async function atEach(
  places: readonly number[],
  work: (place: number) => Promise<void>,
): Promise<string[]> {
  const wrong: string[] = [];
  const left = places.values();
  const workers = Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (const place of left) {
      const hanging = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error("it hangs")), LONGEST_MILLISECONDS).unref();
      });
      await Promise.race([work(place), hanging]).catch((error: Error) => {
        wrong.push(`${place}: ${error.message}`);
      });
    }
  });
  await Promise.all(workers);
  return wrong;
}

/** From 0 up to so many, this one included. */
export function upTo(last: number, step: number = 1): number[] {
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}
