// DATA and BDAT (RFC 5321 4.1.1.4, RFC 3030).
import { DOT_END, readDots, withoutDots, wrongBytes } from "../content.ts";
import { finish } from "../delivery.ts";
import type { ContentFault } from "../faults.ts";
import { linesOf, type Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Transaction } from "../state.ts";
import type { Verb } from "./verb.ts";

/** Looks at how far the content has come, and does what is to go wrong then. */
class Watch {
  /** The client was told something before it had sent all. */
  hasAnswered = false;
  readonly #session: Session;
  #pending: ContentFault | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#pending = session.fault.content;
  }

  /** False: the session is over. */
  readonly progress = async (bytes: number): Promise<boolean> => {
    if (this.#pending === undefined || bytes < this.#pending.after) return true;
    const { wait, reply, end } = this.#pending;
    const { wire } = this.#session;
    this.#pending = undefined;
    if (wait !== undefined) wire.pauseUntil(wait);
    if (reply !== undefined) {
      this.hasAnswered = true;
      for (const line of linesOf(reply)) wire.hold(`${line}\r\n`);
      await wire.flush(true);
    }
    if (end !== undefined) await this.#session.cut(end);
    return end === undefined;
  };
}

/** Why there can be no content now. */
function obstacle(session: Session): string | undefined {
  const { transaction } = session.state;
  const blamed = (reply: string): string => (session.hasRefused ? reply : session.wrong(reply));
  if (transaction === undefined) return blamed("503 5.5.1 MAIL comes first.");
  return transaction.to.length === 0 ? blamed("503 5.5.1 There is no recipient.") : undefined;
}

export const data: Verb = (session) => {
  const { transaction } = session.state;
  const reply = obstacle(session);
  if (reply !== undefined || transaction === undefined) return reply ?? "503 5.5.1 MAIL comes first.";
  if (transaction.chunks.length > 0) return session.wrong("503 5.5.1 BDAT goes on with BDAT.");
  if (transaction.body === "BINARYMIME") return session.wrong("503 5.5.1 BINARYMIME needs BDAT.");
  session.afterReply = () => takeDots(session, transaction);
  return "354 End with a dot on a line of its own.";
};

async function takeDots(session: Session, transaction: Transaction): Promise<void> {
  await session.wire.flush();
  const watch = new Watch(session);
  const content = (await watch.progress(0)) ? await readDots(session.wire, watch.progress) : undefined;
  if (content === undefined) return;
  const { data: bytes, isRight } = withoutDots(content);
  if (!isRight) session.blame("a dot at the start of a line was not doubled");
  for (const wrong of wrongBytes(bytes, transaction)) session.blame(wrong);
  const whole = { data: bytes, chunks: undefined, wireBytes: content.length + DOT_END };
  await finish(session, transaction, whole, watch.hasAnswered ? "refused" : undefined);
  if (!session.state.extensions.has("PIPELINING") && !session.isOver) await session.expectWait();
}

export const bdat: Verb = async (session, argument): Promise<Reply> => {
  const [whole, digits = "", last] = /^(\d{1,20})( LAST)?$/i.exec(argument) ?? [];
  if (whole === undefined) return session.wrong("501 5.5.4 BDAT takes a size, and perhaps LAST.");
  const watch = new Watch(session);
  const chunk = await readChunk(session, Number(digits), watch);
  // The client has left, or was left.
  if (chunk === undefined) return [];
  const reply = takeChunk(session, chunk, { isLast: last !== undefined, isRefused: watch.hasAnswered });
  return watch.hasAnswered ? [] : reply;
};

interface ChunkKind {
  readonly isLast: boolean;
  /** The client has been told. */
  readonly isRefused: boolean;
}

function takeChunk(session: Session, chunk: Buffer, { isLast, isRefused }: ChunkKind): Reply {
  const { state, fault } = session;
  const { transaction } = state;
  const reply = obstacle(session);
  if (reply !== undefined || transaction === undefined) return reply ?? "503 5.5.1 MAIL comes first.";
  // Behind the last one all is over, whatever has become of it.
  if (isLast) state.transaction = undefined;
  if (transaction.isBroken) return "503 5.5.1 A chunk was refused.";
  transaction.chunks.push(chunk);
  if (isRefused || fault.skip === true || transaction.length > state.extensions.size) {
    transaction.isBroken = true;
    return "552 5.3.4 That is too large.";
  }
  if (!isLast) return `250 2.0.0 ${chunk.length} octets taken.`;
  session.afterReply = () => takeChunks(session, transaction);
  return [];
}

async function takeChunks(session: Session, transaction: Transaction): Promise<void> {
  const { chunks } = transaction;
  const message = Buffer.concat(chunks);
  for (const wrong of wrongBytes(message, transaction)) session.blame(wrong);
  const sizes = chunks.map(({ length }) => length);
  const isAnswered = session.fault.reply !== undefined;
  const whole = { data: message, chunks: sizes, wireBytes: message.length };
  await finish(session, transaction, whole, isAnswered ? "accepted" : undefined);
}

async function readChunk(session: Session, size: number, watch: Watch): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let missing = size;
  while (await watch.progress(size - missing)) {
    if (missing === 0) return Buffer.concat(pieces);
    const piece = await session.wire.read(missing);
    if (piece === undefined) return undefined;
    pieces.push(piece);
    missing -= piece.length;
  }
  return undefined;
}
