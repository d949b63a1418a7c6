// A maildrop as one session has found it at its login (RFC 1939 5).
import type { StoredMessage } from "../mailbox.ts";

const END = Buffer.from("\r\n");

export interface Row {
  /** Counts from 1; stays what it is when others are deleted. */
  readonly number: number;
  readonly uid: string;
  /** Whole lines. */
  readonly data: Buffer;
}

function linesOf({ data }: StoredMessage): Buffer {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const isWhole = bytes.length === 0 || bytes.subarray(-END.length).equals(END);
  return isWhole ? bytes : Buffer.concat([bytes, END]);
}

export class Maildrop {
  readonly rows: readonly Row[];
  /** The highest number that was accessed (RFC 1460 LAST). */
  last = 0;
  /** The numbers of messages that RETR has sent. */
  readonly retrieved: Set<number> = new Set();
  readonly #deleted: Set<number> = new Set();

  constructor(messages: readonly StoredMessage[]) {
    this.rows = messages.map((message, index) => ({
      number: index + 1,
      uid: message.uid,
      data: linesOf(message),
    }));
  }

  /** Those that are not marked as deleted. */
  get left(): readonly Row[] {
    return this.rows.filter(({ number }) => !this.#deleted.has(number));
  }

  get deleted(): readonly Row[] {
    return this.rows.filter(({ number }) => this.#deleted.has(number));
  }

  /** Octets of those that are not marked. */
  get size(): number {
    return this.left.reduce((sum, { data }) => sum + data.length, 0);
  }

  /** Undefined: there is no such message, or it is marked. */
  find(number: number): Row | undefined {
    return this.#deleted.has(number) ? undefined : this.rows[number - 1];
  }

  access({ number }: Row): void {
    this.last = Math.max(this.last, number);
  }

  delete(row: Row): void {
    this.access(row);
    this.#deleted.add(row.number);
  }

  reset(): void {
    this.#deleted.clear();
    this.last = 0;
  }
}
