// Whether the dialogue is in step: whether a server answers all that was sent ahead, or has dropped some of it.
import { setImmediate as turnOfLoop } from "node:timers/promises";
import { ProtocolError, type ReplyPipeline, type Turn } from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import type { FtpReply } from "./reply.ts";

/** Milliseconds of silence behind an answer that are no sign of anything; behind a fence, which asks, half of them. */
export const PATIENCE = 1_000;

/**
 * Waits for answers that are due, as the server has come to them. Where they do not come NOOP is sent as a fence: a
 * server that was slow answers all of it in order; one that has dropped commands has nothing to answer but the fence,
 * and is silent then. False: so it was; what was unanswered is rejected, and the dialogue begins anew.
 */
export async function isInStep(
  pipeline: ReplyPipeline<FtpReply>,
  turn: Turn<FtpReply>,
  due: Promise<unknown>,
  patience: number = PATIENCE,
): Promise<boolean> {
  if (await settlesWithin(due, patience)) return true;
  const before = pipeline.lastReply;
  let last = before;
  const fence = turn.command(ftpCommand("NOOP"));
  fence.catch(() => undefined);
  // Nothing at all is slow: for that there is `timeouts.reply`.
  while (!(await settlesWithin(fence, patience / 2))) {
    const { lastReply } = pipeline;
    if (lastReply !== before && lastReply === last) {
      turn.abandon(new ProtocolError("the server has dropped a command that was sent ahead"));
      return false;
    }
    last = lastReply;
  }
  return true;
}

/** Waits, but no longer than that; false: it has not settled. */
export async function settlesWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  const isSettled = await Promise.race([settled, expired]);
  clearTimeout(timer);
  if (isSettled) return true;
  // Where this process was busy for that long, the answer may be there, and not read yet.
  await turnOfLoop();
  await turnOfLoop();
  return Promise.race([settled, Promise.resolve(false)]);
}
