// Commands that go out in one packet, to a server of which it is not known whether it stands that.
import { performance } from "node:perf_hooks";
import {
  ConnectionClosedError,
  TimeoutError,
  type CommandLine,
  type CommandOptions,
  type ReplyPipeline,
  type Turn,
} from "@netcli/core-transport";
import { isInStep, PATIENCE } from "./fence.ts";
import type { FtpReply } from "./reply.ts";

/** Whoever can send a command: a turn, or a burst. */
export type Asker = Pick<Turn<FtpReply>, "command">;

// Of the time that the first answer took.
const TIMES_THE_FIRST = 4;

/** Burst keeps the answers back until it is clear that each one is to the command that it seems to be to. */
export class Burst implements Asker {
  readonly #pipeline: ReplyPipeline<FtpReply>;
  readonly #turn: Turn<FtpReply>;
  readonly #replies: Promise<FtpReply>[] = [];
  readonly #judged: Promise<void>;
  #judge: (isInStep: boolean) => void = () => undefined;
  #isOver = false;
  #answers = 0;

  constructor(pipeline: ReplyPipeline<FtpReply>, turn: Turn<FtpReply>) {
    this.#pipeline = pipeline;
    this.#turn = turn;
    this.#judged = new Promise((resolve, reject) => {
      this.#judge = (isGood) => (isGood ? resolve() : reject(new Error("the commands were dropped")));
    });
    this.#judged.catch(() => undefined);
  }

  /** Sends a command; what follows the burst in its turn, too. */
  async command(line: CommandLine, options: CommandOptions<FtpReply>): Promise<FtpReply> {
    const reply = this.#turn.command(line, options);
    if (this.#isOver) return reply;
    const heard = reply.then(
      () => void (this.#answers += 1),
      () => undefined,
    );
    this.#replies.push(reply);
    await Promise.all([heard, this.#judged]);
    return reply;
  }

  /** How many commands it is of. */
  get length(): number {
    return this.#replies.length;
  }

  /** The server has answered several commands that came together. */
  get isAnswered(): boolean {
    return this.length > 1 && this.#answers === this.length;
  }

  /** The server has ended the connection instead of answering all of it, or went silent in the middle. */
  get wasCut(): boolean {
    const { error } = this.#pipeline;
    if (this.length < 2 || this.isAnswered || error === undefined) return false;
    // Where it answers nothing at all, it is not for what came behind.
    if (error instanceof TimeoutError) return this.#answers > 0;
    return error instanceof ConnectionClosedError && (error.lastReply as FtpReply | undefined)?.code !== 421;
  }

  /** Call it when all is sent. Resolves, never rejects, to false if the server has dropped commands of it. */
  async end(): Promise<boolean> {
    this.#isOver = true;
    const [first] = this.#replies;
    const begin = performance.now();
    await first?.catch(() => undefined);
    const patience = Math.max(PATIENCE, TIMES_THE_FIRST * (performance.now() - begin));
    const inStep = await isInStep(this.#pipeline, this.#turn, Promise.allSettled(this.#replies), patience);
    this.#judge(inStep);
    return inStep;
  }
}
