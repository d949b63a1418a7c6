// The content of a message on its way: behind DATA as a block (RFC 5321 4.1.1.4), or by BDAT in chunks (RFC 3030).
import { ConnectionClosedError, outcomeOf, type ReplyPipeline, type Turn } from "@netcli/core-transport";
import { saysYes, type Answer } from "./answer.ts";
import type { Outgoing } from "./body.ts";
import { smtpCommand } from "./command.ts";
import { pieces } from "./pieces.ts";
import type { SmtpReply } from "./reply.ts";

// Chunks that are on their way before the first of them is answered.
const CHUNKS = 4;

/** What is sent, and what is expected for it. */
export interface Sending {
  readonly pipeline: ReplyPipeline<SmtpReply>;
  readonly turn: Turn<SmtpReply>;
  readonly content: Outgoing;
  /** Replies behind the content: with LMTP several. */
  readonly replies: number;
  /** Milliseconds to each of them. */
  readonly timeout: number;
  readonly onProgress: ((bytes: number) => void) | undefined;
}

/**
 * Sends the content behind a go-ahead. Resolves to the answers that are still to come, when all of it was handed over,
 * or the server has refused it before. Rejects if the connection or the content broke; the session has ended then.
 */
export async function sendBlock({
  pipeline,
  turn,
  content,
  replies,
  timeout,
  onProgress,
}: Sending): Promise<readonly Promise<Answer>[]> {
  const answers = expect(turn, replies, timeout);
  void answers[0]?.then(({ value }) => {
    if (value === undefined || content.isAtEnd) return;
    // It would take the rest of the message for commands.
    const said = `the server did not wait for the end of the message: ${value.lines.join("\n")}`;
    pipeline.connection.destroy(new ConnectionClosedError(said, { lastReply: value }));
  });
  const { error } = await outcomeOf(turn.writeBlock(content.ofBlock(), { onProgress }));
  if (error === undefined) return answers;
  const first = await answers[0];
  // What the server said before it closed says more than that it did.
  if (first?.value === undefined || saysYes(first)) throw error;
  return answers;
}

/**
 * Sends the content by BDAT, and resolves to the answers. Rejects if the connection or the content broke; if it was the
 * content, the session goes on.
 */
export async function sendChunks(
  { pipeline, turn, content, replies, timeout, onProgress }: Sending,
  isSerial: boolean,
): Promise<readonly Answer[]> {
  const asked: Promise<Answer>[] = [];
  let answers: readonly Answer[] = [];
  let refused: Answer | undefined;
  let sent = 0;
  const source = pieces(content.chunks());
  try {
    for (;;) {
      const next = await orLost(source.next(), pipeline);
      if (next.done === true) break;
      const { parts, length, isLast } = next.value;
      await asked.at(isSerial ? -1 : -CHUNKS);
      if (refused !== undefined) break;
      const command = smtpCommand("BDAT", String(length), ...(isLast ? ["LAST"] : []));
      if (isLast && pipeline.error === undefined) content.isAtEnd = true;
      const answer = outcomeOf(turn.command(command, isLast ? { timeout } : {}));
      asked.push(answer);
      void answer.then((one) => {
        if (!isLast && !saysYes(one)) refused ??= one;
      });
      const last = isLast ? [answer, ...expect(turn, replies - 1, timeout)] : [];
      const before = sent;
      await turn.writeContent(parts, { onProgress: onProgress && ((bytes) => onProgress(before + bytes)) });
      sent += length;
      answers = await Promise.all(last);
    }
  } finally {
    // It may be waiting for something that never comes.
    source.return().catch(() => undefined);
    await Promise.all(asked);
    // Behind a chunk that was refused, or a message that has no end, nothing else is possible (RFC 3030 4.2).
    const isOver = answers.some(saysYes);
    if (!isOver && pipeline.error === undefined) await outcomeOf(turn.command(RSET));
  }
  // The first refusal has the reason, what comes behind it is out of order.
  return refused === undefined || answers.some(saysYes) ? answers : [refused];
}

const RSET = smtpCommand("RSET");

/** Waits for a source, but no longer than the connection lasts. */
function orLost<T>(work: Promise<T>, pipeline: ReplyPipeline<SmtpReply>): Promise<T> {
  const lost = pipeline.connection.closed.then((): never => {
    throw pipeline.error ?? new ConnectionClosedError("the connection was lost in the middle of the message");
  });
  return Promise.race([work, lost]);
}

function expect(turn: Turn<SmtpReply>, count: number, timeout: number): Promise<Answer>[] {
  return Array.from({ length: count }, () => outcomeOf(turn.expect({ timeout })));
}
