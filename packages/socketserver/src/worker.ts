// The program of a worker process: it gets sockets and datagrams from the server and runs the handlers.
import { Socket } from "node:net";
import type { Connection } from "@netcli/core-transport";
import type { BaseServer, RequestHandlerClass } from "./base-server.ts";
import { type ClientAddress, clientAddressOf } from "./client-address.ts";
import { type DatagramRequest, UDPServer, UnixDatagramServer } from "./packet-server.ts";
import { Service } from "./service.ts";
import { TCPServer, UnixStreamServer } from "./stream-server.ts";
import {
  becomeWorker,
  type FromWorker,
  hasStartedServer,
  packError,
  STARTS_SERVER,
  type StartMessage,
  type ToWorker,
  unpackError,
} from "./worker-messages.ts";

becomeWorker();

/** How this worker serves. */
interface Work {
  /** Says itself when it is done. */
  connection?: (socket: Socket, id: number) => void;
  datagram?: (data: Uint8Array, from: ClientAddress) => Promise<void>;
  retire?: () => void;
}

let work: Work = {};
let sends = 0;
const sending: Map<number, (error: Error | undefined) => void> = new Map();

function tell(message: FromWorker): void {
  // Where the server is gone nobody wants to know.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function start(message: StartMessage): Promise<Work> {
  const { module, name, serverAddress, service } = message;
  const exported = ((await import(module)) as Record<string, unknown>)[name];
  if (hasStartedServer()) throw new Error(STARTS_SERVER);
  if (typeof exported !== "function") throw new Error(`${module} exports no class called ${name}`);
  // The servers made here never listen: handlers find in them what they find in the server's own process.
  if (service === undefined) {
    const handler = exported as RequestHandlerClass<DatagramRequest>;
    return serveDatagrams(
      typeof serverAddress === "string"
        ? new UnixDatagramServer(serverAddress, handler)
        : new UDPServer(serverAddress, handler),
    );
  }
  const handler = exported as RequestHandlerClass<Connection>;
  const server =
    typeof serverAddress === "string"
      ? new UnixStreamServer(serverAddress, handler, service)
      : new TCPServer(serverAddress, handler, service);
  const ids = new Map<Socket, number>();
  const serving = new Service(service, {
    handle: (connection) => server.finishRequest(connection, clientAddressOf(connection)),
    failed: (error, connection) =>
      tell({ kind: "failed", clientAddress: clientAddressOf(connection), error: packError(error) }),
    // The server has counted them.
    enter: () => true,
    leave: () => undefined,
    refuse: () => undefined,
    ended: (socket) => {
      tell({ kind: "done", id: ids.get(socket) ?? 0 });
      ids.delete(socket);
    },
  });
  return {
    connection: (socket, id) => {
      ids.set(socket, id);
      serving.serve(socket);
    },
    retire: () => serving.retireOpen(),
  };
}

function serveDatagrams(server: BaseServer<DatagramRequest>): Work {
  const socket = { send };
  return {
    datagram: (data, from) =>
      server
        .finishRequest([data, socket], from)
        .catch((error: unknown) => tell({ kind: "failed", clientAddress: from, error: packError(error) })),
  };
}

/** The server has the socket: it sends for us. */
function send(data: string | Uint8Array, to: ClientAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const id = (sends += 1);
    sending.set(id, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
    tell({ kind: "send", id, data, to });
  });
}

async function receive(message: ToWorker, handle: unknown): Promise<void> {
  switch (message.kind) {
    case "start": {
      try {
        work = await start(message);
        tell({ kind: "ready" });
      } catch (error) {
        tell({ kind: "unfit", message: error instanceof Error ? error.message : String(error) });
      }
      return;
    }
    case "connection": {
      tell({ kind: "taken", id: message.id });
      if (handle instanceof Socket && work.connection !== undefined) {
        // Node makes it without: what is answered after the client has ended its side would be lost.
        handle.allowHalfOpen = true;
        work.connection(handle, message.id);
      } else {
        tell({ kind: "done", id: message.id });
      }
      return;
    }
    case "datagram": {
      await work.datagram?.(message.data, message.from);
      tell({ kind: "done", id: message.id });
      return;
    }
    case "sent": {
      sending.get(message.id)?.(message.error && unpackError(message.error));
      sending.delete(message.id);
      return;
    }
    case "retire":
      work.retire?.();
  }
}

process.on("message", (message, handle) => void receive(message as ToWorker, handle));
process.on("disconnect", () => process.exit());
// Ctrl-C goes to all processes of a terminal, and SIGTERM to all of a service that systemd stops: the server ends its
// workers when their requests have ended.
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => undefined);
