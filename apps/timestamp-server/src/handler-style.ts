// The server in the style of Python's socketserver: handler classes, and a server class for each kind of socket.
import type { Connection } from "@netcli/core-transport";
import {
  type BaseServer,
  type ClientAddress,
  type DatagramRequest,
  ForkingTCPServer,
  ForkingUDPServer,
  ForkingUnixDatagramServer,
  ForkingUnixStreamServer,
  ThreadingTCPServer,
  ThreadingUnixStreamServer,
  UDPServer,
  UnixDatagramServer,
} from "@netcli/socketserver";
import type { Settings } from "./arguments.ts";
import { TimestampDatagramHandler, TimestampHandler } from "./handler.ts";
import { logFailure } from "./log.ts";
import { type Running, showAddress } from "./running.ts";

const LARGEST_DATAGRAM = 65_535;

export function startHandlers(settings: Settings): Promise<Running> {
  return settings.udp ? start(datagramServer(settings)) : start(streamServer(settings));
}

async function start<Request>(server: BaseServer<Request>): Promise<Running> {
  server.handleError = (_request: unknown, from: ClientAddress, error: unknown) => logFailure(error, from);
  await server.listen();
  const serving = server.serveForever();
  const { serverAddress } = server;
  return {
    address: typeof serverAddress === "string" ? serverAddress : showAddress(...serverAddress),
    stop: async () => {
      await server.shutdown();
      await server.serverClose();
      await serving;
    },
    cut: () => server.serverClose({ deadline: 0 }),
  };
}

// The books' TCPServer makes all others wait while one client is connected.
function streamServer({ host, port, unix, workers }: Settings): BaseServer<Connection> {
  if (workers === undefined) {
    return unix === undefined
      ? new ThreadingTCPServer([host, port], TimestampHandler)
      : new ThreadingUnixStreamServer(unix, TimestampHandler);
  }
  const server =
    unix === undefined
      ? new ForkingTCPServer([host, port], TimestampHandler)
      : new ForkingUnixStreamServer(unix, TimestampHandler);
  server.maxChildren = workers;
  return server;
}

function datagramServer({ host, port, unix, workers }: Settings): BaseServer<DatagramRequest> {
  // A datagram keeps nobody waiting: no threads.
  let server: UDPServer | UnixDatagramServer;
  if (workers === undefined) {
    server =
      unix === undefined
        ? new UDPServer([host, port], TimestampDatagramHandler)
        : new UnixDatagramServer(unix, TimestampDatagramHandler);
  } else {
    const forking =
      unix === undefined
        ? new ForkingUDPServer([host, port], TimestampDatagramHandler)
        : new ForkingUnixDatagramServer(unix, TimestampDatagramHandler);
    forking.maxChildren = workers;
    server = forking;
  }
  // Python's 8,192 would leave larger ones without an answer.
  server.maxPacketSize = LARGEST_DATAGRAM;
  return server;
}
