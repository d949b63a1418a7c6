// Twisted's LineReceiver: a protocol of lines, with runs of raw bytes between them.
import { ArgumentError, assertArgument, decodeText } from "@netcli/core-transport";
import { Protocol } from "./protocol.ts";

const EMPTY = new Uint8Array(0);

/** LineReceiver is told lines; in raw mode, whatever bytes come. */
export class LineReceiver extends Protocol {
  /** What ends a line. */
  delimiter: string = "\r\n";
  /** Bytes in one line, without its delimiter. */
  maxLength: number = 16_384;
  #buffer: Buffer = Buffer.alloc(0);
  // Before this place there is no delimiter.
  #searched = 0;
  #raw = false;
  #paused = false;
  #delivering = false;

  /** One line without its delimiter: UTF-8, or latin1 where it is not valid UTF-8. Does nothing. */
  lineReceived(_line: string): void {}

  /** Bytes that came in raw mode. Does nothing. */
  rawDataReceived(_data: Uint8Array): void {}

  /** A line is longer than `maxLength`. Closes the connection. */
  lineLengthExceeded(_line: Uint8Array): void {
    this.transport.loseConnection();
  }

  /** Sends a line; its delimiter is added. Throws ArgumentError if it holds CR, LF or NUL. */
  sendLine(line: string): void {
    assertArgument("the line", line);
    this.transport.write(`${line}${this.delimiter}`);
  }

  /** What comes from here on goes to `rawDataReceived`. */
  setRawMode(): void {
    this.#raw = true;
  }

  /** What comes from here on are lines again, beginning with `extra`: what `rawDataReceived` got too much of. */
  setLineMode(extra: Uint8Array = EMPTY): void {
    this.#raw = false;
    this.dataReceived(extra);
  }

  /** Takes away what came of the next line so far. */
  clearLineBuffer(): Uint8Array {
    const rest = this.#buffer;
    this.#buffer = Buffer.alloc(0);
    this.#searched = 0;
    return rest;
  }

  /** Delivers nothing until `resumeProducing`, not even what was received already. */
  pauseProducing(): void {
    this.#paused = true;
    this.transport.pauseProducing();
  }

  resumeProducing(): void {
    this.#paused = false;
    this.transport.resumeProducing();
    this.dataReceived(EMPTY);
  }

  override dataReceived(data: Uint8Array): void {
    if (data.length > 0) {
      const chunk = Buffer.from(data.buffer, data.byteOffset, data.length);
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    }
    // What a line brings about may deliver again: the loop that runs already will see to it.
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (!this.#paused && !this.transport.disconnecting && this.#deliver());
    } finally {
      this.#delivering = false;
    }
  }

  /** Delivers the next line, or all that is there in raw mode; false: nothing is there. */
  #deliver(): boolean {
    if (this.#raw) {
      const data = this.clearLineBuffer();
      if (data.length > 0) this.rawDataReceived(data);
      return data.length > 0;
    }
    const buffer = this.#buffer;
    const { delimiter } = this;
    const delimiterLength = Buffer.byteLength(delimiter);
    if (delimiterLength === 0) throw new ArgumentError("the delimiter of lines must not be empty");
    const end = buffer.indexOf(delimiter, this.#searched);
    // The delimiter itself may come in two pieces: what may be its first one is not yet of the line.
    const searched = Math.max(buffer.length - delimiterLength + 1, 0);
    if ((end === -1 ? searched : end) > this.maxLength) {
      const line = this.clearLineBuffer();
      this.lineLengthExceeded(line);
      return false;
    }
    if (end === -1) {
      this.#searched = searched;
      return false;
    }
    this.#buffer = buffer.subarray(end + delimiterLength);
    this.#searched = 0;
    this.lineReceived(decodeText(buffer.subarray(0, end)));
    return true;
  }
}
