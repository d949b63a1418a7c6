// One transfer: a data connection, the command, what is moved, and the final reply, which alone says that all
// of it arrived (RFC 959 3.3; a cut TLS stream looks complete to Node).
import type { CommandLine, Connection, ReplyPipeline, TlsOptions, Turn } from "@netcli/core-transport";
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
  /** Set when data connections are to be protected (PROT P). */
  protection: TlsOptions | undefined;

  constructor(pipeline: ReplyPipeline<FtpReply>, options: FtpTarget) {
    this.#pipeline = pipeline;
    this.#options = options;
  }

  /** Sends TYPE I unless that is the type already. */
  async useBinary(turn: Turn<FtpReply>): Promise<void> {
    if (this.#type === "I") return;
    const command = ftpCommand("TYPE", "I");
    assertPositive(await turn.command(command), command);
    this.#type = "I";
  }

  /** Runs one transfer command, with `move` on its data connection. Rejects with ReplyError if the server refuses. */
  run<T>(
    command: CommandLine,
    move: (data: Connection) => Promise<T>,
    { rest = 0, signal }: TransferOptions,
  ): Promise<{ result: T; reply: FtpReply }> {
    return this.#pipeline.exclusive(async (turn) => {
      await this.useBinary(turn);
      const data = await this.#open(turn, signal);
      let moving: Promise<T> | undefined;
      const cancel = (): void => data.destroy(signal?.reason as Error);
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        signal?.throwIfAborted();
        if (rest > 0) await restart(turn, rest);
        const begin = (): Promise<T> => {
          moving ??= this.#protect(data).then(() => move(data));
          return moving;
        };
        const reply = await turn.command(command, { onPreliminary: begin, signal });
        if (reply.code < 300) return { result: await begin(), reply };
        // If it was our side that failed, that is the cause of the server's complaint.
        await moving;
        throw refusal(reply, command);
      } catch (error) {
        data.destroy(error as Error);
        throw signal?.aborted === true ? signal.reason : error;
      } finally {
        signal?.removeEventListener("abort", cancel);
        // Whatever came of it: when the caller hears of it, nothing is running any more.
        await moving?.catch(() => undefined);
        await data.close();
      }
    }, signal);
  }

  async #open(turn: Turn<FtpReply>, signal: AbortSignal | undefined): Promise<Connection> {
    const command = ftpCommand(this.#passive);
    const reply = await turn.command(command);
    if (reply.code >= 500 && this.#passive === "EPSV") {
      this.#passive = "PASV";
      return this.#open(turn, signal);
    }
    const port = passivePort(this.#passive, assertPositive(reply, command));
    return connectData(this.#pipeline.connection, { ...this.#options, signal }, port);
  }

  async #protect(data: Connection): Promise<void> {
    if (this.protection !== undefined) await data.startTls(this.protection);
  }
}

async function restart(turn: Turn<FtpReply>, position: number): Promise<void> {
  const command = ftpCommand("REST", String(position));
  const reply = await turn.command(command);
  if (reply.code !== 350) throw refusal(reply, command);
}
