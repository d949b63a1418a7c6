// The handler classes of Python's socketserver: an object for each request.
import { assertArgument, type Connection } from "@netcli/core-transport";
import type { BaseServer, RequestHandler } from "./base-server.ts";
import type { ClientAddress } from "./client-address.ts";
import type { DatagramRequest } from "./packet-server.ts";
import type { DatagramSocket } from "./datagram-socket.ts";

/** BaseRequestHandler holds what every handler is told; the methods do nothing. */
export class BaseRequestHandler<Request = unknown> implements RequestHandler {
  readonly request: Request;
  readonly clientAddress: ClientAddress;
  readonly server: BaseServer<Request>;

  constructor(request: Request, clientAddress: ClientAddress, server: BaseServer<Request>) {
    this.request = request;
    this.clientAddress = clientAddress;
    this.server = server;
  }

  setup(): void | Promise<void> {}

  handle(): void | Promise<void> {}

  finish(): void | Promise<void> {}
}

/**
 * StreamRequestHandler handles a connection. `rfile` and `wfile` are the connection itself: its reading and its
 * writing side.
 */
export class StreamRequestHandler extends BaseRequestHandler<Connection> {
  /** Milliseconds without a byte while one is waited for; undefined: the server's `timeouts.idle`. */
  timeout: number | undefined = undefined;
  /** Python's default is false; small writes of one turn go out together anyhow. */
  disableNagle: boolean = true;
  /** `readLine`, `lines`, `readExactly`, `readBlock`, `readToEnd`. */
  readonly rfile: Connection;
  /** `write`, `writeLine`, `writeContent`, `writeBlock`, `flush`. Await them, or a slow client fills the memory. */
  readonly wfile: Connection;

  constructor(request: Connection, clientAddress: ClientAddress, server: BaseServer<Connection>) {
    super(request, clientAddress, server);
    this.rfile = request;
    this.wfile = request;
  }

  override setup(): void | Promise<void> {
    if (this.timeout !== undefined) this.request.setStall(this.timeout);
    if (!this.disableNagle) this.request.setNoDelay(false);
  }

  override async finish(): Promise<void> {
    if (!this.request.destroyed) await this.request.flush();
  }
}

/** DatagramRequestHandler handles a datagram; what was written to `wfile` is sent back by `finish`, as one. */
export class DatagramRequestHandler extends BaseRequestHandler<DatagramRequest> {
  readonly packet: Uint8Array;
  /** The server's socket, for further datagrams. */
  readonly socket: DatagramSocket;
  readonly rfile: PacketReader;
  readonly wfile: PacketWriter = new PacketWriter();

  constructor(request: DatagramRequest, clientAddress: ClientAddress, server: BaseServer<DatagramRequest>) {
    super(request, clientAddress, server);
    [this.packet, this.socket] = request;
    this.rfile = new PacketReader(this.packet);
  }

  /** Sends nothing where nothing was written; Python sends an empty datagram. */
  override async finish(): Promise<void> {
    const reply = this.wfile.bytes();
    if (reply.length > 0) await this.socket.send(reply, this.clientAddress);
  }
}

/** PacketReader reads a datagram piece by piece. */
export class PacketReader {
  readonly #packet: Uint8Array;
  #at = 0;

  constructor(packet: Uint8Array) {
    this.#packet = packet;
  }

  /** Up to `count` bytes, by default all that is left. */
  read(count: number = Infinity): Uint8Array {
    const bytes = this.#packet.subarray(this.#at, this.#at + count);
    this.#at += bytes.length;
    return bytes;
  }

  /** The next line as UTF-8 text without its end; undefined at the end. */
  readLine(): string | undefined {
    if (this.#at === this.#packet.length) return undefined;
    const end = this.#packet.indexOf(0x0a, this.#at);
    const bytes = this.read(end === -1 ? Infinity : end + 1 - this.#at);
    return Buffer.from(bytes)
      .toString("utf8")
      .replace(/\r?\n$/, "");
  }
}

/** PacketWriter gathers the datagram that answers. */
export class PacketWriter {
  readonly #pieces: Uint8Array[] = [];

  /** Adds bytes, or text as UTF-8. */
  write(data: string | Uint8Array): void {
    this.#pieces.push(typeof data === "string" ? Buffer.from(data, "utf8") : data);
  }

  /** Adds a line; its end is added. Throws ArgumentError if it holds CR, LF or NUL. */
  writeLine(line: string): void {
    assertArgument("the line", line);
    this.write(`${line}\r\n`);
  }

  /** All that was written. */
  bytes(): Uint8Array {
    const [first] = this.#pieces;
    return this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
  }
}
