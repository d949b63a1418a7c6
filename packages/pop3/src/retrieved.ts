// A message, or the beginning of one, on its way to us.
import type { Readable } from "node:stream";
import type { Body } from "@netcli/core-transport";

/** Retrieved is what RETR and TOP bring: bytes as they are, to be read once. */
export class Retrieved implements AsyncIterable<Uint8Array> {
  readonly #body: Body;
  /** Bytes, as the server says; undefined if it does not. */
  readonly size: number | undefined;

  constructor(body: Body, size: number | undefined) {
    this.#body = body;
    this.size = size;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this.#body[Symbol.asyncIterator]();
  }

  /** As a Node stream. */
  stream(): Readable {
    return this.#body.stream();
  }

  /** The whole message in memory. */
  bytes(): Promise<Uint8Array> {
    return this.#body.bytes();
  }

  /** The whole message as text: UTF-8, or latin1 where it is not valid UTF-8. */
  text(): Promise<string> {
    return this.#body.text();
  }

  /** Line by line, without line ends. */
  lines(): AsyncGenerator<string, void, void> {
    return this.#body.lines();
  }

  /** Gives the rest up. A large rest costs the connection, because it would have to be received. */
  cancel(): void {
    this.#body.cancel();
  }
}
