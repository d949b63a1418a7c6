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
import { ftpCommand } from "./command.ts";
import { connectData, passivePort, type PassiveCommand } from "./data-connection.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import type { FtpReply } from "./reply.ts";

export interface TransferOptions {
  /** Where in the remote file to begin, in bytes (REST, RFC 3659 5). */
  rest?: number | undefined;
  /** Breaks the transfer off with the signal's reason. The session stays usable. */
  signal?: AbortSignal | undefined;
}

/** Transfers makes the data connections of one session; it remembers what the server understood. */
export class Transfers {
  readonly #pipeline: ReplyPipeline<FtpReply>;
  readonly #options: FtpTarget;
  #passive: PassiveCommand = "EPSV";
  #type: "A" | "I" = "A";
  // True while the server may hold the position of a REST for whichever file is asked for next.
  #isPositioned = false;
  /** Set when data connections are to be protected (PROT P). */
  protection: TlsOptions | undefined;

  constructor(pipeline: ReplyPipeline<FtpReply>, options: FtpTarget) {
    this.#pipeline = pipeline;
    this.#options = options;
  }

  /** Sends TYPE I unless that is the type already. */
  async useBinary(turn: Turn<FtpReply>, signal: AbortSignal | undefined): Promise<void> {
    if (this.#type === "I") return;
    const command = ftpCommand("TYPE", "I");
    assertPositive(await turn.command(command, { signal }), command);
    this.#type = "I";
  }

  /**
   * Runs one transfer command, with `move` on its data connection, whose signal says that the transfer has failed.
   * Rejects with ReplyError if the server refuses.
   */
  run<T>(
    command: CommandLine,
    move: (data: Connection, gaveUp: AbortSignal) => Promise<T>,
    { rest = 0, signal }: TransferOptions,
  ): Promise<{ result: T; reply: FtpReply }> {
    if (!Number.isSafeInteger(rest) || rest < 0) {
      throw new ArgumentError(`"rest" must be a whole number of bytes, not ${rest}`);
    }
    return this.#pipeline.exclusive(async (turn) => {
      await this.useBinary(turn, signal);
      const data = await this.#open(turn, signal);
      const gaveUp = new AbortController();
      let securing: Promise<void> | undefined;
      let moving: Promise<T> | undefined;
      let failure: Error | undefined;
      const onFailure = (error: Error): never => {
        failure ??= error;
        // The server hears of it, too, and then says its last word.
        data.destroy(error);
        throw error;
      };
      const cancel = (): void => data.destroy(signal?.reason as Error);
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        if (rest > 0 || this.#isPositioned) await this.#restart(turn, rest, signal);
        const begin = async (): Promise<T> => {
          this.#isPositioned = false;
          moving ??= Promise.resolve(securing)
            .then(() => move(data, gaveUp.signal))
            .catch(onFailure);
          return moving;
        };
        const replying = turn.command(command, { onPreliminary: begin, signal });
        // Some servers want the handshake before they send 150, others only after it: it is begun, but not awaited.
        securing = this.#protect(data).catch(onFailure);
        securing.catch(() => undefined);
        const reply = await replying;
        if (reply.code < 300) return { result: await begin(), reply };
        throw refusal(reply, command, { cause: failure });
      } catch (error) {
        data.destroy(error as Error);
        gaveUp.abort(error);
        // Whatever came of it: when the caller hears of it, nothing is running any more. What failed first may come
        // to light only now: the disk is waited for.
        await moving?.catch(() => undefined);
        if (signal?.aborted === true) throw signal.reason;
        throw failure !== undefined && isOurs(failure) ? failure : error;
      } finally {
        signal?.removeEventListener("abort", cancel);
        await data.close();
      }
    }, signal);
  }

  async #open(
    turn: Turn<FtpReply>,
    signal: AbortSignal | undefined,
    verb: PassiveCommand = this.#passive,
  ): Promise<Connection> {
    const { connection } = this.#pipeline;
    const command = ftpCommand(verb);
    const reply = await turn.command(command, { signal });
    if (reply.code >= 500 && verb === "EPSV") return this.#open(turn, signal, "PASV");
    assertPositive(reply, command);
    let port: number;
    try {
      port = passivePort(verb, reply);
    } catch (error) {
      connection.destroy(error as Error);
      throw error;
    }
    this.#passive = verb;
    return connectData(connection, { ...this.#options, signal }, port);
  }

  async #restart(turn: Turn<FtpReply>, position: number, signal: AbortSignal | undefined): Promise<void> {
    const command = ftpCommand("REST", String(position));
    this.#isPositioned = true;
    const reply = await turn.command(command, { signal });
    this.#isPositioned = reply.code === 350 && position > 0;
    if (reply.code !== 350) throw refusal(reply, command);
  }

  async #protect(data: Connection): Promise<void> {
    if (this.protection !== undefined) await data.startTls(this.protection);
  }
}

// If it was our side that failed, that is the cause of what the server says, or does not say any more. If it was
// the server that closed the data connection, it says why.
function isOurs(failure: Error): boolean {
  if (failure instanceof TlsError) return failure.code !== "ERR_NETCLI_TLS";
  return !(failure instanceof ConnectionClosedError);
}
