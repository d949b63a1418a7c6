// DATA and BDAT (RFC 5321 4.1.1.4, RFC 3030).
import { readDots, withoutDots, wrongBytes } from "../content.ts";
import { finish } from "../delivery.ts";
import type { ContentFault } from "../faults.ts";
import { linesOf, type Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Transaction } from "../state.ts";
import type { Verb } from "./verb.ts";

/** Does what is to go wrong in the middle of the content. False: the session is over. */
async function strike(session: Session, { wait, reply, end }: ContentFault): Promise<boolean> {
  if (wait !== undefined) session.wire.pauseUntil(wait);
  if (reply !== undefined) {
    for (const line of linesOf(reply)) session.wire.hold(`${line}\r\n`);
    await session.wire.flush(true);
    session.wire.mute();
  }
  if (end !== undefined) await session.cut(end);
  return end === undefined;
}

/** Looks at how far the content has come. */
function striker(session: Session): (bytes: number) => Promise<boolean> {
  let pending = session.fault.content;
  return async (bytes) => {
    if (pending === undefined || bytes < pending.after) return true;
    const due = pending;
    pending = undefined;
    return strike(session, due);
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
  const progress = striker(session);
  const content = (await progress(0)) ? await readDots(session.wire, progress) : undefined;
  if (content === undefined) return;
  const { data: bytes, isRight } = withoutDots(content);
  if (!isRight) session.blame("a dot at the start of a line was not doubled");
  for (const wrong of wrongBytes(bytes, transaction.body)) session.blame(wrong);
  await finish(session, transaction, { data: bytes, chunks: undefined, wireBytes: content.length + 3 });
}

export const bdat: Verb = async (session, argument): Promise<Reply> => {
  const [whole, digits = "", last] = /^(\d{1,20})( LAST)?$/i.exec(argument) ?? [];
  if (whole === undefined) return session.wrong("501 5.5.4 BDAT takes a size, and perhaps LAST.");
  const size = Number(digits);
  const chunk = await readChunk(session, size);
  // The client has left, or was left.
  if (chunk === undefined) {
    session.fault = { reply: null };
    return "451 4.3.0 There is no such chunk.";
  }
  return takeChunk(session, chunk, last !== undefined);
};

function takeChunk(session: Session, chunk: Buffer, isLast: boolean): Reply {
  const { state, fault } = session;
  const { transaction } = state;
  const reply = obstacle(session);
  if (reply !== undefined || transaction === undefined) return reply ?? "503 5.5.1 MAIL comes first.";
  // Behind the last one all is over, whatever has become of it.
  if (isLast) state.transaction = undefined;
  if (transaction.isBroken) return "503 5.5.1 A chunk was refused.";
  transaction.chunks.push(chunk);
  if (fault.skip === true || transaction.length > state.extensions.size) {
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
  for (const wrong of wrongBytes(message, transaction.body)) session.blame(wrong);
  const sizes = chunks.map(({ length }) => length);
  const isAnswered = session.fault.reply !== undefined;
  await finish(session, transaction, { data: message, chunks: sizes, wireBytes: message.length }, isAnswered);
}

async function readChunk(session: Session, size: number): Promise<Buffer | undefined> {
  const progress = striker(session);
  const pieces: Buffer[] = [];
  let missing = size;
  while (await progress(size - missing)) {
    if (missing === 0) return Buffer.concat(pieces);
    const piece = await session.wire.read(missing);
    if (piece === undefined) return undefined;
    pieces.push(piece);
    missing -= piece.length;
  }
  return undefined;
}
