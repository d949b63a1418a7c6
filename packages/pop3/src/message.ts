// A message that an application gets from a maildrop: in memory already, or on the server until it is read.
import { Readable } from "node:stream";
import { ArgumentError, decodeText, joined } from "@netcli/core-transport";
import type { Retrieved } from "./retrieved.ts";

/** A message in a maildrop. */
export interface MaildropRow {
  /** Its number, in this session only. */
  readonly number: number;
  /** Its unique id, which stays the same in all sessions; undefined if the server has none. */
  readonly uid: string | undefined;
  /** Bytes, as the server counts them. */
  readonly size: number;
}

/** Where the bytes of a message are. */
export type MessageSource = Uint8Array | (() => Promise<Retrieved>);

/** Pop3Message is a message, as bytes, to be read once. */
export class Pop3Message implements MaildropRow, AsyncIterable<Uint8Array> {
  readonly number: number;
  readonly uid: string | undefined;
  readonly size: number;
  readonly #source: MessageSource;
  #retrieving: Promise<Retrieved> | undefined;
  #isRead = false;
  #failure: Error | undefined;

  constructor({ number, uid, size }: MaildropRow, source: MessageSource) {
    this.number = number;
    this.uid = uid;
    this.size = size;
    this.#source = source;
  }

  /** @internal Why not all of it came, if it was begun. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** @internal Gives up what was begun and not read to its end. */
  finish(): void {
    this.#retrieving?.then(
      (retrieved) => retrieved.cancel(),
      () => undefined,
    );
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    if (this.#isRead) throw new ArgumentError("a message can be read only once");
    this.#isRead = true;
    const source = this.#source;
    if (source instanceof Uint8Array) {
      yield source;
    } else {
      this.#retrieving = source();
      try {
        yield* await this.#retrieving;
      } catch (error) {
        this.#failure = error as Error;
        throw error;
      }
    }
  }

  /** As a Node stream. */
  stream(): Readable {
    return Readable.from(this, { objectMode: false });
  }

  /** The whole message in memory. */
  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return joined(chunks);
  }

  /** The whole message as text: UTF-8, or latin1 where it is not valid UTF-8. */
  async text(): Promise<string> {
    const bytes = await this.bytes();
    return decodeText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }
}
