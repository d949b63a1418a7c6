// One transfer: a data connection, the command, what is moved, and the final reply, which alone says that all
// of it arrived (RFC 959 3.3; a cut TLS stream looks complete to Node).
import {
  ArgumentError,
  type CommandLine,
  type Connection,
  ConnectionClosedError,
  orAborted,
  ReplyError,
  type ReplyPipeline,
  type TlsOptions,
  type Turn,
} from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import { DataConnections, type DataChannel } from "./data-connection.ts";
import { blamed, refusal } from "./errors.ts";
import { isInStep } from "./fence.ts";
import { finalOf, isOfOther } from "./meanwhile.ts";
import { Moving, type Move } from "./moving.ts";
import type { FtpTarget } from "./options.ts";
import type { FtpReply } from "./reply.ts";
import { Settings, type TransferType } from "./settings.ts";

export type { Move } from "./moving.ts";

export interface TransferOptions {
  /** Where in the remote file to begin, in bytes (REST, RFC 3659 5). */
  rest?: number | undefined;
  /** Breaks the transfer off with the signal's reason. The session stays usable. */
  signal?: AbortSignal | undefined;
}

/** What only tasks ask for. */
export interface TaskTransferOptions extends TransferOptions {
  /** More may come than `move` takes: the server is then cut short, and what it says to that is no failure. */
  isPartial?: boolean | undefined;
}

/** What is to be transferred, and how. */
interface Job<T> {
  readonly command: CommandLine;
  readonly type: TransferType;
  readonly move: Move<T>;
  readonly rest: number;
  readonly isPartial: boolean;
  readonly onBegin: ((reply: FtpReply) => void) | undefined;
}

// The server reads what comes before it has said 150; behind TLS there is nothing to be won.
const UPLOADS = /^(?:STOR|APPE|STOU)\b/i;

// Node takes a longer time for 1 ms.
const LONGEST_INTERVAL = 2 ** 31 - 1;

/** Transfers makes the transfers of one session, one after the other. */
export class Transfers {
  readonly data: DataConnections;
  readonly #pipeline: ReplyPipeline<FtpReply>;
  readonly #options: FtpTarget;
  /** What the server was told. */
  readonly settings: Settings = new Settings();
  // Transfers that wait for their turn.
  #waiting = 0;
  // The answer to what was asked ahead of a server that may not read it.
  #untried: Promise<FtpReply> | undefined;
  // The answer to one that was broken off.
  #broken: Promise<FtpReply> | undefined;
  // Of the one that runs.
  #stop: AbortController | undefined;
  #protection: TlsOptions | undefined;

  constructor(pipeline: ReplyPipeline<FtpReply>, options: FtpTarget) {
    this.#pipeline = pipeline;
    this.#options = options;
    this.data = new DataConnections(pipeline.connection, options);
  }

  /** Set when data connections are to be protected (PROT P). */
  get protection(): TlsOptions | undefined {
    return this.#protection;
  }

  set protection(options: TlsOptions | undefined) {
    this.#protection = options;
    // It may be true of connections that are asked for from now on.
    this.data.forgetAhead();
  }

  /** Breaks off the transfer that is under way, which rejects with `reason`; false if there is none. */
  abort(reason: unknown): boolean {
    this.#stop?.abort(reason);
    return this.#stop !== undefined;
  }

  /**
   * Runs one transfer command, with `move` on its data connection; without a type, with the one that is set. Rejects
   * with ReplyError if the server refuses. `onBegin` hears what the server says before it begins.
   */
  async run<T>(
    command: CommandLine,
    type: TransferType | undefined,
    move: Move<T>,
    { rest = 0, signal, isPartial = false }: TaskTransferOptions,
    onBegin?: (reply: FtpReply) => void,
  ): Promise<{ result: T; reply: FtpReply }> {
    if (!Number.isSafeInteger(rest) || rest < 0) {
      throw new ArgumentError(`"rest" must be a whole number of bytes, not ${rest}`);
    }
    this.#waiting += 1;
    let waits = true;
    const begin = (): void => {
      if (waits) this.#waiting -= 1;
      waits = false;
    };
    try {
      return await new Promise((resolve, reject) => {
        const task = async (turn: Turn<FtpReply>): Promise<void> => {
          begin();
          const job = { command, type: type ?? this.settings.type, move, rest, isPartial, onBegin };
          await this.#stoppable(turn, job, signal).then(resolve, reject);
          await this.#hearOut(turn);
          await this.#judgeLookAhead(turn);
        };
        this.#pipeline.exclusive(task, signal).catch(reject);
      });
    } finally {
      begin();
      // The server does not wait for ever on the port that was to be for the next one.
      if (this.#waiting === 0) this.data.forgetAhead();
    }
  }

  /** Waits for the last word on a transfer that was broken off: Pure-FTPd says none, but another 1yz. */
  async #hearOut(turn: Turn<FtpReply>): Promise<void> {
    const broken = this.#broken;
    this.#broken = undefined;
    if (broken !== undefined && this.#pipeline.error === undefined) {
      await isInStep(this.#pipeline, turn, broken);
    }
  }

  /** Finds out whether a server to which that is new reads what comes during a transfer. */
  async #judgeLookAhead(turn: Turn<FtpReply>): Promise<void> {
    const { trust } = this.#options;
    if (this.#untried === undefined) return;
    const inStep = await isInStep(this.#pipeline, turn, this.#untried);
    this.#untried = undefined;
    if (inStep && this.#pipeline.error === undefined) {
      trust.proveLookAhead();
    } else {
      trust.refuseLookAhead();
      this.data.forgetAhead();
    }
  }

  async #stoppable<T>(
    turn: Turn<FtpReply>,
    job: Job<T>,
    signal: AbortSignal | undefined,
  ): Promise<{ result: T; reply: FtpReply }> {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#stop = stop;
    try {
      return await this.#attempt(turn, job, stop.signal);
    } catch (error) {
      if (stop.signal.aborted) throw stop.signal.reason;
      throw this.#isAheadToBlame ? blamed(error as Error) : error;
    } finally {
      this.#stop = undefined;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  get #isAheadToBlame(): boolean {
    return this.#untried !== undefined && this.#pipeline.error instanceof ConnectionClosedError;
  }

  async #attempt<T>(
    turn: Turn<FtpReply>,
    job: Job<T>,
    signal: AbortSignal,
  ): Promise<{ result: T; reply: FtpReply }> {
    const channel = await this.#open(turn, job, signal);
    const moving = new Moving(channel, job.move, job.isPartial);
    try {
      return await this.#transfer(turn, job, moving, signal);
    } catch (error) {
      // Some servers give a port that was asked for ahead up with the transfer before it.
      const mayBePort = channel.wasAhead && !moving.isStarted && error instanceof ReplyError;
      if (!mayBePort || signal.aborted) throw error;
      return this.#attemptAnew(turn, job, signal);
    }
  }

  /** The same with a port that is not asked for ahead; if it is refused again that was not the reason. */
  async #attemptAnew<T>(
    turn: Turn<FtpReply>,
    job: Job<T>,
    signal: AbortSignal,
  ): Promise<{ result: T; reply: FtpReply }> {
    const { trust } = this.#options;
    this.data.forgetAhead();
    trust.refuseLookAhead();
    try {
      return await this.#attempt(turn, job, signal);
    } catch (error) {
      if (error instanceof ReplyError) trust.proveLookAhead();
      throw error;
    }
  }

  async #transfer<T>(
    turn: Turn<FtpReply>,
    { command, onBegin }: Job<T>,
    moving: Moving<T>,
    signal: AbortSignal,
  ): Promise<{ result: T; reply: FtpReply }> {
    const { trust } = this.#options;
    const isUpload = UPLOADS.test(command.shown);
    let isHeard = false;
    const secure = (): void => moving.prepare((data) => this.#secure(data, isUpload));
    const begin = async (preliminary?: FtpReply): Promise<T> => {
      if (!this.data.isPassive && !moving.isStarted) secure();
      this.settings.forgetPosition();
      if (preliminary !== undefined && !isHeard) onBegin?.(preliminary);
      isHeard ||= preliminary !== undefined;
      return moving.start();
    };
    signal.addEventListener("abort", () => moving.giveUp(signal.reason), { once: true });
    // Answers to what is sent during the transfer.
    const meanwhile: Promise<FtpReply>[] = [];
    let keepingAlive: NodeJS.Timeout | undefined;
    let fencing: Promise<boolean> | undefined;
    const replying = turn.command(command, { onPreliminary: begin });
    replying.catch(() => undefined);
    void moving.enough.then(() => {
      fencing = isInStep(this.#pipeline, turn, replying);
    });
    try {
      keepingAlive = this.#keepAlive(turn, meanwhile);
      if (this.#waiting > 0) this.data.lookAhead(turn, meanwhile);
      if (trust.isLookAheadUntried) this.#untried = this.data.ahead;
      // Some servers want the handshake before they send 150, others only after it. To one that has made the
      // connection itself it may come before it has read the command, and is then no handshake.
      if (this.data.isPassive) secure();
      if (trust.isEager && isUpload && this.#protection === undefined) {
        moving.start().catch(() => undefined);
      }
      let reply = await orAborted(replying, signal);
      await fencing;
      if (meanwhile.length > 0 && isOfOther(reply, moving.isStarted)) {
        begin().catch(() => undefined);
        reply = await finalOf(reply, meanwhile, signal);
      }
      if (reply.code < 300 || moving.isEnough) return { result: await begin(), reply };
      throw refusal(reply, command, { cause: moving.failure });
    } catch (error) {
      if (signal.aborted) this.#broken = replying;
      throw await moving.abandon(error);
    } finally {
      clearInterval(keepingAlive);
      await moving.close();
    }
  }

  /** The data connection, and all that comes before it, in one round trip where the server stands that. */
  async #open<T>(
    turn: Turn<FtpReply>,
    { command, type, rest }: Job<T>,
    signal: AbortSignal,
  ): Promise<DataChannel> {
    const settings = this.settings;
    if (this.#options.trust.isSerial) {
      await settings.usePreferredMode(turn, signal);
      await settings.useType(turn, type, signal);
      const channel = await this.data.open(turn, command, signal);
      return unless(settings.usePosition(turn, rest, signal), channel);
    }
    // REST is to be the last one (RFC 3659 5.3): not where it may take another command to have the connection.
    const isEarly = this.data.isProven;
    const typing = Promise.all([
      settings.usePreferredMode(turn, signal),
      settings.useType(turn, type, signal),
    ]);
    const opening = this.data.open(turn, command, signal);
    const setting = isEarly ? Promise.all([typing, settings.usePosition(turn, rest, signal)]) : typing;
    setting.catch(() => undefined);
    const channel = await opening;
    await unless(setting, channel);
    return isEarly ? channel : unless(settings.usePosition(turn, rest, signal), channel);
  }

  // Answered behind the transfer, in order; meanwhile routers see that the control connection is alive.
  #keepAlive(turn: Turn<FtpReply>, meanwhile: Promise<FtpReply>[]): NodeJS.Timeout | undefined {
    const { keepAlive = Infinity } = this.#options;
    if (keepAlive === Infinity) return undefined;
    const say = (): void => {
      const answer = turn.command(ftpCommand("NOOP"));
      answer.catch(() => undefined);
      meanwhile.push(answer);
    };
    return setInterval(say, Math.min(keepAlive, LONGEST_INTERVAL)).unref();
  }

  async #secure(data: Connection, isUpload: boolean): Promise<Connection> {
    if (this.#protection !== undefined) await data.startTls(this.#protection);
    if (this.settings.mode === "Z") data.startZlib(isUpload ? "sent" : "received");
    return data;
  }
}

/** Gives the data connection, but not where something else has failed. */
async function unless(work: Promise<unknown>, channel: DataChannel): Promise<DataChannel> {
  try {
    await work;
    return channel;
  } catch (error) {
    channel.cancel(error as Error);
    throw error;
  }
}
