// The exports of @netcli/socketserver, nothing else.
export { type AdmissionOptions } from "./admission.ts";
export {
  BaseServer,
  type RequestHandler,
  type RequestHandlerClass,
  type ServeForeverOptions,
  type ServerCloseOptions,
} from "./base-server.ts";
export { type ClientAddress, clientAddressOf } from "./client-address.ts";
export { type BoundDatagramSocket, type DatagramSocket } from "./datagram-socket.ts";
export { ListenError, WorkerError } from "./errors.ts";
export { LineReceiver } from "./line-receiver.ts";
export { type ListenOptions, type ServerAddress } from "./listener.ts";
export {
  type Forking,
  ForkingMixIn,
  ForkingTCPServer,
  ForkingUDPServer,
  ForkingUnixDatagramServer,
  ForkingUnixStreamServer,
  type Threading,
  ThreadingMixIn,
  ThreadingTCPServer,
  ThreadingUDPServer,
  ThreadingUnixDatagramServer,
  ThreadingUnixStreamServer,
} from "./mixins.ts";
export { type DatagramRequest, PacketServer, UDPServer, UnixDatagramServer } from "./packet-server.ts";
export {
  Factory,
  ListeningPort,
  listenTCP,
  type ListenTCPOptions,
  Protocol,
  type Transport,
} from "./protocol.ts";
export {
  BaseRequestHandler,
  DatagramRequestHandler,
  PacketReader,
  PacketWriter,
  StreamRequestHandler,
} from "./request-handler.ts";
export {
  type DatagramHandler,
  DatagramServer,
  type DatagramStats,
  serveDatagram,
  type ServeDatagramOptions,
} from "./serve-datagram.ts";
export {
  type ConnectionHandler,
  serve,
  type ServeOptions,
  Server,
  type ServerEvent,
  type ServerStats,
  type ShutdownOptions,
} from "./server.ts";
export { type ServiceOptions } from "./service.ts";
export { StreamServer, type StreamServerOptions, TCPServer, UnixStreamServer } from "./stream-server.ts";
export { defaultServerTimeouts, type ServerTimeouts } from "./timeouts.ts";
export { type ProxyProtocolOptions } from "./trusted-proxies.ts";
