// A message that is sent to several servers: as often as there is need, where its form allows that, and without the
// fields of its header that nobody may see.
import { isUint8Array } from "node:util/types";
import { ArgumentError, type Content } from "@netcli/core-transport";
import { type HeaderField, splitHeader } from "./header.ts";

/** A message, or a function that gives it anew each time. */
export type Message = Content | (() => Content | Promise<Content>);

/** MessageSource hands the message out. */
export class MessageSource {
  readonly #message: Message;
  /** The fields of the header, Bcc too. */
  readonly fields: readonly HeaderField[];
  /** The message itself, if it was no stream. */
  readonly #bytes: Uint8Array | undefined;
  /** Streams that were begun for their header only. */
  readonly #fresh: StreamedMessage[] = [];

  private constructor(
    message: Message,
    fields: readonly HeaderField[],
    content: Uint8Array | AsyncIterableIterator<Uint8Array>,
  ) {
    this.#message = message;
    this.fields = fields;
    if (isUint8Array(content)) this.#bytes = content;
    else this.#fresh.push(new StreamedMessage(content));
  }

  /** Reads the header. Rejects with ArgumentError if that is too long, and as the function or the stream does. */
  static async open(message: Message): Promise<MessageSource> {
    const { fields, content } = await splitHeader(typeof message === "function" ? await message() : message);
    return new MessageSource(message, fields, content);
  }

  /** False: there is one stream, which one server can have. */
  get isRepeatable(): boolean {
    return this.#bytes !== undefined || typeof this.#message === "function";
  }

  /** True once the only stream was read: there is nothing left to take. */
  get isSpent(): boolean {
    return !this.isRepeatable && this.#fresh.length === 0;
  }

  /** The message for one server. Rejects as the function does. */
  async take(): Promise<Uint8Array | StreamedMessage> {
    if (this.#bytes !== undefined) return this.#bytes;
    const fresh = this.#fresh.pop();
    if (fresh !== undefined) return fresh;
    if (typeof this.#message !== "function") throw new ArgumentError("the stream was read already");
    const { content } = await splitHeader(await this.#message());
    return isUint8Array(content) ? content : new StreamedMessage(content);
  }

  /** Takes back what a server has had, or has not wanted: that is as good as new. */
  giveBack(content: Uint8Array | StreamedMessage): void {
    if (content instanceof StreamedMessage && !content.isBegun) this.#fresh.push(content);
  }

  /** Closes the streams that nobody has read. */
  async close(): Promise<void> {
    for (const stream of this.#fresh.splice(0)) await stream.close();
  }
}

/** StreamedMessage knows whether somebody has begun to read it. */
export class StreamedMessage implements AsyncIterable<Uint8Array> {
  readonly #content: AsyncIterableIterator<Uint8Array>;
  #isBegun = false;

  constructor(content: AsyncIterableIterator<Uint8Array>) {
    this.#content = content;
  }

  get isBegun(): boolean {
    return this.#isBegun;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.#isBegun = true;
    return this.#content;
  }

  /** Never rejects: nobody wants it any more. */
  async close(): Promise<void> {
    await this.#content.return?.().catch(() => undefined);
  }
}
