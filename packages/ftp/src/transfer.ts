// One transfer: a data connection, the command, what is moved, and the final reply, which alone says that all
// of it arrived (RFC 959 3.3; a cut TLS stream looks complete to Node).
import {
  ArgumentError,
  ConnectionClosedError,
  TlsError,
  type CommandLine,
  type Connection,
  type ReplyPipeline,
  type TlsOptions,
  type Turn,
} from "@netcli/core-transport";
import { orAborted } from "./abort.ts";
import { ftpCommand } from "./command.ts";
import { DataConnections, type DataChannel } from "./data-connection.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import type { FtpReply } from "./reply.ts";

export interface TransferOptions {
  /** Where in the remote file to begin, in bytes (REST, RFC 3659 5). */
  rest?: number | undefined;
  /** Breaks the transfer off with the signal's reason. The session stays usable. */
  signal?: AbortSignal | undefined;
}

/** How content is moved (RFC 959 3.1.1): as it is, or as text. */
export type TransferType = "I" | "A";

/** Works on a data connection; the signal says that the transfer has failed. */
export type Move<T> = (data: Connection, gaveUp: AbortSignal) => Promise<T>;

/** What is to be transferred, and how. */
interface Job<T> {
  readonly command: CommandLine;
  readonly type: TransferType;
  readonly move: Move<T>;
  readonly rest: number;
  readonly onBegin: ((reply: FtpReply) => void) | undefined;
}

// Node takes a longer time for 1 ms.
const LONGEST_INTERVAL = 2 ** 31 - 1;

// What answers NOOP, PASV and EPSV, and never a transfer.
const MEANWHILE = new Set([200, 227, 229]);

/** Transfers makes the transfers of one session, one after the other. */
export class Transfers {
  readonly data: DataConnections;
  readonly #pipeline: ReplyPipeline<FtpReply>;
  readonly #options: FtpTarget;
  // The server begins with text (RFC 959 5.1).
  #type: TransferType = "A";
  // False while the server may have another one: a TYPE was sent, and its answer not heard.
  #isTypeKnown = true;
  // True while the server may hold the position of a REST for whichever file is asked for next.
  #isPositioned = false;
  // Transfers that wait for their turn.
  #waiting = 0;
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

  /** True if that is the type, without a doubt, and no transfer is there that would change it. */
  isOfType(type: TransferType): boolean {
    return this.#isTypeKnown && this.#type === type && this.#waiting === 0 && this.#stop === undefined;
  }

  /** Sends TYPE unless that is the type already. */
  async useType(turn: Turn<FtpReply>, type: TransferType, signal: AbortSignal | undefined): Promise<void> {
    if (this.#isTypeKnown && this.#type === type) return;
    const command = ftpCommand("TYPE", type);
    this.#isTypeKnown = false;
    const reply = await turn.command(command, { signal });
    if (reply.code >= 200 && reply.code < 300) this.#type = type;
    this.#isTypeKnown = true;
    assertPositive(reply, command);
  }

  /** The server may have another type than we think: sends TYPE before the next transfer in any case. */
  forgetType(): void {
    this.#isTypeKnown = false;
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
    { rest = 0, signal }: TransferOptions,
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
      return await this.#pipeline.exclusive((turn) => {
        begin();
        return this.#stoppable(turn, { command, type: type ?? this.#type, move, rest, onBegin }, signal);
      }, signal);
    } finally {
      begin();
      // The server does not wait for ever on the port that was to be for the next one.
      if (this.#waiting === 0) this.data.forgetAhead();
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
      return await this.#transfer(turn, job, await this.#open(turn, job.type, stop.signal), stop.signal);
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      this.#stop = undefined;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #transfer<T>(
    turn: Turn<FtpReply>,
    { command, move, rest, onBegin }: Job<T>,
    channel: DataChannel,
    signal: AbortSignal,
  ): Promise<{ result: T; reply: FtpReply }> {
    const gaveUp = new AbortController();
    const cancel = (reason: unknown): void => channel.cancel(reason as Error);
    let securing: Promise<Connection> | undefined;
    let moving: Promise<T> | undefined;
    let failure: Error | undefined;
    const onFailure = (error: Error): never => {
      failure ??= error;
      // The server hears of it, too, and then says its last word.
      cancel(error);
      throw error;
    };
    const giveUp = (reason: unknown): void => {
      cancel(reason);
      gaveUp.abort(reason);
    };
    signal.addEventListener("abort", () => giveUp(signal.reason), { once: true });
    // Answers to what is sent during the transfer.
    const meanwhile: Promise<FtpReply>[] = [];
    let keepingAlive: NodeJS.Timeout | undefined;
    try {
      if (rest > 0 || this.#isPositioned) await this.#restart(turn, rest, signal);
      const begin = async (preliminary?: FtpReply): Promise<T> => {
        this.#isPositioned = false;
        if (preliminary !== undefined && moving === undefined) onBegin?.(preliminary);
        moving ??= Promise.resolve(securing)
          .then((data) => move(data as Connection, gaveUp.signal))
          .catch(onFailure);
        return moving;
      };
      const replying = turn.command(command, { onPreliminary: begin, signal });
      keepingAlive = this.#keepAlive(turn, meanwhile);
      if (this.#waiting > 0 && this.#options.pipelining !== "off") this.data.lookAhead(turn, meanwhile);
      // Some servers want the handshake before they send 150, others only after it: it is begun, but not awaited.
      securing = this.#protect(channel).catch(onFailure);
      securing.catch(() => undefined);
      let reply = await replying;
      if (MEANWHILE.has(reply.code) && meanwhile.length > 0) {
        begin().catch(() => undefined);
        reply = await finalOf(reply, meanwhile, signal);
      }
      if (reply.code < 300) return { result: await begin(), reply };
      throw refusal(reply, command, { cause: failure });
    } catch (error) {
      giveUp(error);
      // Whatever came of it: when the caller hears of it, nothing is running any more. What failed first may come
      // to light only now: the disk is waited for.
      await moving?.catch(() => undefined);
      throw failure !== undefined && isOurs(failure) ? failure : error;
    } finally {
      clearInterval(keepingAlive);
      await channel.connection.then(
        (data) => data.close(),
        () => undefined,
      );
    }
  }

  /** The type and the data connection, in one round trip where the server may be trusted with two commands. */
  async #open(turn: Turn<FtpReply>, type: TransferType, signal: AbortSignal): Promise<DataChannel> {
    if (this.#options.pipelining === "off") {
      await this.useType(turn, type, signal);
      return this.data.open(turn, signal);
    }
    const [typed, opened] = await Promise.allSettled([
      this.useType(turn, type, signal),
      this.data.open(turn, signal),
    ]);
    if (typed.status === "rejected") {
      if (opened.status === "fulfilled") opened.value.cancel(typed.reason as Error);
      throw typed.reason;
    }
    if (opened.status === "rejected") throw opened.reason;
    return opened.value;
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

  async #restart(turn: Turn<FtpReply>, position: number, signal: AbortSignal): Promise<void> {
    const command = ftpCommand("REST", String(position));
    this.#isPositioned = true;
    const reply = await turn.command(command, { signal });
    this.#isPositioned = reply.code === 350 && position > 0;
    if (reply.code !== 350) throw refusal(reply, command);
  }

  async #protect(channel: DataChannel): Promise<Connection> {
    const data = await channel.connection;
    if (this.protection !== undefined) await data.startTls(this.protection);
    return data;
  }
}

/** Some servers answer at once what comes during a transfer: then the transfer's own reply is among the later ones. */
async function finalOf(
  first: FtpReply,
  meanwhile: readonly Promise<FtpReply>[],
  signal: AbortSignal,
): Promise<FtpReply> {
  const others = await orAborted(Promise.all(meanwhile), signal);
  return others.find(({ code }) => !MEANWHILE.has(code)) ?? first;
}

// If it was our side that failed, that is the cause of what the server says, or does not say any more. If it was
// the server that closed the data connection, it says why.
function isOurs(failure: Error): boolean {
  if (failure instanceof TlsError) return failure.code !== "ERR_NETCLI_TLS";
  return !(failure instanceof ConnectionClosedError);
}
