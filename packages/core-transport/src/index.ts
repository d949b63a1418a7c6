// The exports of @netcli/core-transport, nothing else.
export { anySignal, cutOnAbort, orAborted } from "./abort.ts";
export { assertArgument, commandLine, type CommandLine, type CommandLineOptions } from "./argument.ts";
export { Body } from "./body.ts";
export { CONNECT, refusalOf } from "./code-refusal.ts";
export { connect, type ConnectOptions, type Connector, type ConnectTarget } from "./connect.ts";
export {
  type AcceptedOptions,
  Connection,
  type ConnectionOptions,
  type PeerAddress,
  type StartTlsOptions,
} from "./connection.ts";
export { decodeText } from "./framer.ts";
export { chunksOf, type Content } from "./content.ts";
export {
  Datagram,
  openDatagram,
  type DatagramLookup,
  type DatagramOptions,
  type ReceivedDatagram,
} from "./datagram.ts";
export { within } from "./deadline.ts";
export { Dialogue, type DialogueOptions, type VerbOptions } from "./dialogue.ts";
export { DotDecoder, DotEncoder, type DecodedChunk } from "./dot.ts";
export {
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  LimitError,
  NetcliError,
  NotSupportedError,
  ProtocolError,
  ReplyError,
  TimeoutError,
  TlsError,
  type NetcliErrorOptions,
  type TimeoutPhase,
} from "./errors.ts";
export { receiveFile, sendFile, type FileTransferOptions } from "./file-transfer.ts";
export { type BlockOptions, type BlockReply, type CommandOptions } from "./exchange.ts";
export { expectConnection, Incoming, type IncomingOptions } from "./incoming.ts";
export { joined } from "./joined.ts";
export { defaultLimits, defaultTimeouts, withDefaults, type Limits, type Timeouts } from "./limits.ts";
export { type Window } from "./outbox.ts";
export { outcomeOf, type Outcome } from "./outcome.ts";
export { ReplyPipeline, type Turn } from "./pipeline.ts";
export { Pool, type PoolOptions, type UseOptions } from "./pool.ts";
export { Queue } from "./queue.ts";
export { type ReadOptions } from "./reader.ts";
export { type CodeReply, type Reply, type ReplyGrammar } from "./reply.ts";
export { parseCode } from "./reply-assembler.ts";
export { retry, type RetryOptions } from "./retry.ts";
export {
  type AttemptOptions,
  type Lendable,
  Sessions,
  type SessionsKind,
  type SessionsOptions,
} from "./sessions.ts";
export { assertMaySendSecret, assertTlsMode, startTlsOptions, type TlsMode } from "./security.ts";
export { TlsTickets, type TlsOptions } from "./tls.ts";
export { acceptTls, serverContext, type TlsServerOptions } from "./tls-server.ts";
export { printable, type Trace, type TraceEvent } from "./trace.ts";
export { normalizeHost, parseServerUrl, type ServerScheme, type ServerUrl } from "./url.ts";
export { type WriteOptions } from "./writer.ts";
