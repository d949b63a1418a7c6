// Fetches messages one after the other, several ahead of the one that is being worked on.
import { joined, LimitError, orAborted, type VerbOptions } from "@netcli/core-transport";
import { Pop3Message, type MaildropRow } from "./message.ts";
import type { Retrieved } from "./retrieved.ts";
import type { Pop3Session } from "./session.ts";

// In memory at most, fetched and not yet handed over; a single message above this is streamed when it is its turn.
const AHEAD_BYTES = 4 * 1_048_576;
const AHEAD_MESSAGES = 64;
const SMALL_BYTES = 1_048_576;

// Servers count line ends differently, and some guess.
const SLACK_BYTES = 65_536;

// A header, and some lines.
const TOP_BYTES = 16_384;

export interface FetchOptions extends VerbOptions {
  /** Only the header and so many lines of the body. */
  top?: number | undefined;
}

interface Ahead {
  readonly bytes: number;
  readonly message: Promise<Pop3Message>;
}

/** Yields the messages in the order of the rows. What is fetched ahead is dropped if it is left early. */
export async function* fetchMessages(
  session: Pop3Session,
  rows: readonly MaildropRow[],
  { top, signal }: FetchOptions,
): AsyncGenerator<Pop3Message, void, void> {
  const ahead: Ahead[] = [];
  let next = 0;
  let bytes = 0;
  const fill = (): void => {
    // Not one by one: commands that are sent together cost one write.
    if (ahead.length > AHEAD_MESSAGES / 2) return;
    for (let row = rows[next]; row !== undefined; row = rows[next]) {
      const expectedBytes = top === undefined ? row.size : Math.min(row.size, TOP_BYTES);
      const isRoom = ahead.length < AHEAD_MESSAGES && bytes + expectedBytes <= AHEAD_BYTES;
      if (ahead.length > 0 && !isRoom) return;
      next += 1;
      const message = messageOf(session, row, { top, signal, expectedBytes });
      // Who leaves early never hears of it.
      message.catch(() => undefined);
      ahead.push({ bytes: expectedBytes, message });
      bytes += expectedBytes;
    }
  };
  for (fill(); ahead.length > 0; fill()) {
    const { bytes: size, message } = ahead.shift() as Ahead;
    const fetched = await message;
    bytes -= size;
    signal?.throwIfAborted();
    fill();
    try {
      yield fetched;
    } finally {
      fetched.finish();
    }
  }
}

async function messageOf(
  session: Pop3Session,
  row: MaildropRow,
  { top, signal, expectedBytes }: FetchOptions & { readonly expectedBytes: number },
): Promise<Pop3Message> {
  const options = { signal, expectedBytes };
  if (top === undefined && row.size > SMALL_BYTES) {
    return new Pop3Message(row, () => session.retr(row.number, options));
  }
  const retrieving =
    top === undefined ? session.retr(row.number, options) : session.top(row.number, top, options);
  // A signal ends the wait for the answer only.
  return new Pop3Message(row, await orAborted(bytesOf(await retrieving, row), signal));
}

/** A message in memory. What the server has said of its size decides that it is: it is held to that. */
async function bytesOf(retrieved: Retrieved, { number, size }: MaildropRow): Promise<Uint8Array> {
  const most = 2 * size + SLACK_BYTES;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of retrieved) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) {
      throw new LimitError(
        `message ${number} has far more than the ${size} bytes that the server has listed`,
        "blockBytes",
      );
    }
  }
  return joined(chunks);
}
