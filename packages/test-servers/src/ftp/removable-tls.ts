// TLS over a control connection that can be taken off again (CCC, RFC 4217 6.1). Node can't undo TLS on a socket; so
// this one goes over a stream of our own, which takes TLS records one by one and sees where they end.
import { Duplex } from "node:stream";
import { acceptTls, Connection, type TlsServerOptions } from "@netcli/core-transport";

// RFC 8446 5.1: type, version, length. Types are 20 to 23; commands begin with a letter.
const HEADER_BYTES = 5;
const HIGHEST_TYPE = 23;

// As core-transport's own for a handshake.
const HANDSHAKE = 30_000;

/** Carries TLS records over a connection; each write goes out as it is. */
class RecordStream extends Duplex {
  readonly #plain: Connection;
  /** TLS is to end: a record that comes now is close_notify, the last one. */
  isEnding = false;
  /** Resolves, when that has come, to the bytes behind TLS that were read by mistake. */
  readonly carried: Promise<string>;

  constructor(plain: Connection) {
    super();
    this.#plain = plain;
    this.carried = this.#carry();
  }

  async #carry(): Promise<string> {
    let behind = "";
    try {
      for (let isLast = false; !isLast;) {
        const first = await this.#plain.readExactly(1);
        isLast = this.isEnding;
        // Some clients, curl among them, say no more over TLS.
        if (isLast && (first[0] ?? 0) > HIGHEST_TYPE) {
          behind = Buffer.from(first).toString("latin1");
        } else {
          const rest = Buffer.from(await this.#plain.readExactly(HEADER_BYTES - 1));
          const length = rest.readUInt16BE(rest.length - 2);
          this.push(Buffer.concat([first, rest, await this.#plain.readExactly(length)]));
        }
      }
      this.push(null);
    } catch (error) {
      this.destroy(error as Error);
    }
    return behind;
  }

  override _read(): void {
    // Records are pushed as they come: what clients say on a control connection is little.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#plain.write(chunk).then(() => done(), done);
  }
}

export class RemovableTls {
  /** What is said over TLS. */
  readonly connection: Connection;
  readonly #stream: RecordStream;

  private constructor(connection: Connection, stream: RecordStream) {
    this.connection = connection;
    this.#stream = stream;
  }

  /** Rejects with TlsError; the connection underneath is then of no use any more. */
  static async over(plain: Connection, options: TlsServerOptions): Promise<RemovableTls> {
    const stream = new RecordStream(plain);
    // They come to TLS, too.
    stream.on("error", () => undefined);
    const socket = await acceptTls(stream, options, AbortSignal.timeout(HANDSHAKE));
    const remote = { address: plain.remoteAddress ?? "", port: plain.remotePort ?? 0 };
    return new RemovableTls(Connection.over(socket, { remote, timeouts: { stall: Infinity } }), stream);
  }

  /** Call it before the client is told: its next record is then its last one. */
  expectEnd(): void {
    this.#stream.isEnding = true;
  }

  /** Ends TLS, and waits until the client has. Resolves to what it has said in clear already. */
  async end(): Promise<string> {
    await this.connection.flush();
    this.connection.end();
    const behind = await this.#stream.carried;
    this.connection.destroy();
    return behind;
  }
}
