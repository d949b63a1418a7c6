// Between a connection and a file: two buffers take turns, one at the network and one at the disk. Streams and
// pipelines cost two to three times as much.
import type { FileHandle } from "node:fs/promises";
import type { Connection } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { ConnectionClosedError, NetcliError, TimeoutError } from "./errors.ts";
import type { ByteSink, Reason } from "./source.ts";

// Measured: best on ext4, near the best on tmpfs; with 1 MiB ext4 takes three times as long.
const BUFFER_BYTES = 524_288;

// What a socket reads at once; most files are shorter, and need no more.
const SPARE_BYTES = 65_536;
const EMPTY = Buffer.alloc(0);

const TLS_BUFFER_BYTES = 65_536;

export interface FileTransferOptions {
  /** Where in the file to begin, in bytes. */
  position?: number | undefined;
  /** Bytes at most that are received; what comes behind them is lost. Default: all. */
  length?: number | undefined;
  /** Called with the bytes transferred so far, now and then. */
  onProgress?: ((bytes: number) => void) | undefined;
  /** Destroys the connection and rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Writes all that comes over a connection into a file, up to the end of the peer's side. Resolves to the number
 * of bytes. Rejects if the connection breaks or stalls (`timeouts.stall`; waiting for the disk does not count)
 * or the file can't be written; the connection is then destroyed, and the error's `bytesTransferred` set.
 */
export async function receiveFile(
  connection: Connection,
  file: FileHandle,
  options: FileTransferOptions = {},
): Promise<number> {
  const sink = new FileSink(connection, file, options);
  return transfer(
    connection,
    options.signal,
    () => sink.bytes,
    () => sink.run(),
  );
}

/**
 * Sends a file up to its end. Resolves to the number of bytes, all of which the kernel has then; our side of
 * the connection is not ended. Rejects as `receiveFile` does.
 */
export async function sendFile(
  connection: Connection,
  file: FileHandle,
  options: FileTransferOptions = {},
): Promise<number> {
  const start = options.position ?? 0;
  let position = start;
  const run = async (): Promise<number> => {
    // Over TLS it cannot be seen how far a single write has come: the stall timeout would blame a slow peer.
    const size = connection.tls === undefined ? BUFFER_BYTES : TLS_BUFFER_BYTES;
    let buffer = Buffer.allocUnsafeSlow(size);
    let other = Buffer.allocUnsafeSlow(size);
    let { bytesRead } = await file.read(buffer, 0, size, position);
    while (bytesRead > 0) {
      const [next] = await Promise.all([
        file.read(other, 0, size, position + bytesRead),
        connection.writer.writeThrough(buffer.subarray(0, bytesRead)),
      ]);
      position += bytesRead;
      options.onProgress?.(position - start);
      ({ bytesRead } = next);
      [buffer, other] = [other, buffer];
    }
    return position - start;
  };
  return transfer(connection, options.signal, () => position - start, run);
}

async function transfer(
  connection: Connection,
  signal: AbortSignal | undefined,
  bytes: () => number,
  run: () => Promise<number>,
): Promise<number> {
  const cancel = (): void => connection.destroy(signal?.reason as Error);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    signal?.throwIfAborted();
    return await run();
  } catch (error) {
    connection.destroy(error as Error);
    if (error instanceof NetcliError) error.bytesTransferred = bytes();
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

/** FileSink fills one buffer from the network while the other is written to the file. */
class FileSink implements ByteSink {
  readonly #connection: Connection;
  readonly #file: FileHandle;
  readonly #start: number;
  readonly #onProgress: ((bytes: number) => void) | undefined;
  readonly #stall = new Deadline();
  // The one being filled, and the one being written or free. The first one is short.
  #filling: Buffer = Buffer.allocUnsafeSlow(SPARE_BYTES);
  #other: Buffer | undefined;
  #filled = 0;
  #spare: Buffer | undefined;
  #writing = false;
  #paused = false;
  // Bytes that are still wanted.
  #wanted: number;
  // What came for which there was no room.
  #surplus: Buffer = EMPTY;
  #written = 0;
  #ended = false;
  #isFileBroken = false;
  #error: Error | undefined;
  #done: { resolve: (bytes: number) => void; reject: (error: Error) => void } | undefined;

  constructor(
    connection: Connection,
    file: FileHandle,
    { position, length, onProgress }: FileTransferOptions,
  ) {
    this.#connection = connection;
    this.#file = file;
    this.#start = position ?? 0;
    this.#wanted = length ?? Infinity;
    this.#onProgress = onProgress;
  }

  get bytes(): number {
    return this.#written;
  }

  run(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#done = { resolve, reject };
      if (this.#wanted === 0) {
        this.end();
        return;
      }
      const { reader } = this.#connection;
      if (reader.framer.length > 0) this.received(reader.framer.takeBytes(reader.framer.length));
      if (reader.ended) this.end(reader.error);
      else this.#connection.redirect(this);
      this.#watch();
    });
  }

  // Without room the answer can't be the buffer that is being written: Node remembers it for the read after the
  // pause, and TLS hands out what it has deciphered in spite of the pause.
  space(): Buffer {
    if (this.#filled < this.#filling.length) return this.#filling.subarray(this.#filled);
    this.#spare ??= Buffer.allocUnsafeSlow(SPARE_BYTES);
    return this.#spare;
  }

  received(bytes: Buffer): boolean {
    // TLS hands out what it has deciphered already, also behind what was wanted.
    const chunk = bytes.length > this.#wanted ? bytes.subarray(0, this.#wanted) : bytes;
    this.#wanted -= chunk.length;
    if (chunk.buffer === this.#filling.buffer) this.#filled += chunk.length;
    else this.#copy(chunk);
    if (this.#wanted === 0) {
      this.end();
      return false;
    }
    if (!this.#writing) this.#write();
    this.#paused = this.#filled === this.#filling.length;
    this.#watch();
    return !this.#paused;
  }

  #copy(chunk: Buffer): void {
    const copied = chunk.copy(this.#filling, this.#filled);
    this.#filled += copied;
    if (copied < chunk.length) this.#surplus = Buffer.concat([this.#surplus, chunk.subarray(copied)]);
  }

  /** Writes what was filled, and fills the other buffer meanwhile. */
  #write(): void {
    const buffer = this.#filling;
    const length = this.#filled;
    this.#filling = this.#other ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#other = buffer.length === BUFFER_BYTES ? buffer : undefined;
    this.#filled = 0;
    const surplus = this.#surplus;
    this.#surplus = EMPTY;
    this.#copy(surplus);
    this.#writing = true;
    this.#writeAll(buffer.subarray(0, length))
      .catch((error: Error) => {
        this.#isFileBroken = true;
        this.#fail(error);
      })
      .then(() => this.#onWritten())
      .catch((error: Error) => this.#fail(error));
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.write(rest, 0, rest.length, this.#start + this.#written);
      this.#written += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
  }

  #onWritten(): void {
    this.#writing = false;
    if (this.#error === undefined) this.#onProgress?.(this.#written);
    // Whoever was told may have given it up: what is left is being written then.
    if (this.#writing) return;
    if (this.#paused && this.#filled > 0) this.#write();
    // What else comes in this moment goes along.
    else if (this.#filled > 0) setImmediate(() => this.#writeRest());
    if (this.#ended) {
      this.#settle();
    } else if (this.#paused && this.#filled < this.#filling.length) {
      this.#paused = false;
      this.#connection.resume();
      this.#watch();
    }
  }

  #writeRest(): void {
    if (!this.#writing && !this.#ended && this.#filled > 0) this.#write();
  }

  end(reason?: Reason): void {
    // Behind what was wanted it does not matter.
    if (this.#ended) return;
    if (reason !== undefined) {
      const error = typeof reason === "function" ? reason() : reason;
      this.#fail(
        error instanceof NetcliError
          ? error
          : new ConnectionClosedError(`the connection broke during the transfer: ${error.message}`, {
              cause: error,
            }),
      );
      return;
    }
    this.#ended = true;
    this.#watch();
    this.#settle();
  }

  #fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#ended = true;
    this.#watch();
    this.#connection.destroy(error);
    this.#settle();
  }

  // Not while a write is under way: until then it is not known how much of the file is there. What has come is written
  // also when no more will: whoever goes on from there another time has it.
  #settle(): void {
    if (this.#writing) return;
    if (this.#filled > 0 && !this.#isFileBroken) {
      this.#write();
      return;
    }
    if (this.#error === undefined) this.#done?.resolve(this.#written);
    else this.#done?.reject(this.#error);
  }

  #watch(): void {
    if (this.#paused || this.#ended) {
      this.#stall.disarm();
      if (this.#ended) this.#stall.close();
      return;
    }
    const { stall } = this.#connection.timeouts;
    this.#stall.arm(stall, () => {
      this.#fail(new TimeoutError(`the peer sent nothing for ${stall} ms`, "stall", stall));
    });
  }
}
