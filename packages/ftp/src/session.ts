// One FTP connection, one method per verb under the names of Python's ftplib (RFC 959, 2428, 3659): transfers.
import { setImmediate as turnOfLoop } from "node:timers/promises";
import {
  type CommandLine,
  type Connection,
  type Content,
  LimitError,
  orAborted,
  ReplyError,
  type VerbOptions,
} from "@netcli/core-transport";
import { withCrlf } from "./ascii.ts";
import { pour, type ByteTaker } from "./byte-taker.ts";
import { ftpCommand } from "./command.ts";
import { FtpControl } from "./control.ts";
import { FtpFiles } from "./files.ts";
import { resolveOptions, type FtpOptions } from "./options.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { entriesOf } from "./listing/entries.ts";
import { guarded } from "./path.ts";
import type { FtpReply } from "./reply.ts";
import type { TransferType } from "./settings.ts";
import type { Move, TaskTransferOptions, TransferOptions } from "./transfer.ts";

/** What a transfer came to. */
export interface TransferResult {
  /** Bytes moved. */
  readonly bytes: number;
  /** The server's final reply. */
  readonly reply: FtpReply;
}

export interface StoreOptions extends TransferOptions {
  /** Called with the bytes handed to the connection so far. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/** A data connection that was handed out (`transferCmd`). */
export interface OpenTransfer {
  readonly connection: Connection;
  /** Bytes that the server says it will send; undefined if it does not say. */
  readonly size: number | undefined;
  /** Ends our side, reads what is left, and resolves to the server's final reply. */
  readonly finish: () => Promise<FtpReply>;
}

/** FtpSession is one control connection. Calls wait their turn. A reply that says no rejects with ReplyError. */
export class FtpSession extends FtpFiles {
  /**
   * Connects and reads the greeting; with a user in options or URL also sets TLS up, logs in and enters the
   * directory. Rejects with ConnectError, TlsError, TimeoutError, ReplyError or ArgumentError.
   */
  static async connect(options: string | URL | FtpOptions): Promise<FtpSession> {
    return FtpControl.open(resolveOptions(options), (...parts) => new FtpSession(...parts));
  }

  /** Passive mode: we make the data connections; otherwise the server does. */
  setPasv(on: boolean): void {
    this.transfers.data.isPassive = on;
  }

  /** Names in a directory (NLST); none if the server refuses because there are none. */
  async nlst(path?: string, options: VerbOptions = {}): Promise<string[]> {
    return this.#list(this.commands.of("NLST", ...guarded(path)), options);
  }

  /** A listing for people (LIST). `flags` go before the path: "-la". */
  async dir(path?: string, { flags, ...options }: VerbOptions & { flags?: string } = {}): Promise<string[]> {
    const before = flags === undefined ? [] : [flags];
    return this.#list(this.commands.of("LIST", ...before, ...guarded(path)), options);
  }

  /**
   * The entries of a directory with their facts (RFC 3659 7), the directory itself and its parent included (`special`).
   * `facts` are asked for with OPTS MLST first. A line that is no such entry is one of unknown type without a name.
   */
  async mlsd(
    path?: string,
    { facts, ...options }: VerbOptions & { facts?: readonly string[] } = {},
  ): Promise<FtpEntry[]> {
    const command = this.commands.of("MLSD", ...(path === undefined ? [] : [path]));
    if (facts !== undefined) await this.opts("MLST", facts.map((fact) => `${fact};`).join(""), options);
    return entriesOf(await this.#list(command, options), { format: "mlsx" });
  }

  async #list(command: CommandLine, options: VerbOptions): Promise<string[]> {
    const all: string[] = [];
    const { blockBytes } = this.pipeline.connection.limits;
    const limit = Math.min(blockBytes, LISTING_BYTES);
    let length = 0;
    await this.readListing(
      command,
      (lines) => {
        for (const line of lines) {
          // An empty line takes its place, too.
          length += line.length + 1;
          all.push(line);
        }
        if (length > limit) throw new LimitError(`the listing has more than ${limit} bytes`, "blockBytes");
      },
      options,
    );
    return all;
  }

  /**
   * @internal Hands over the lines of a listing as they come; none if the server refuses because there are none.
   * Resolves to what it says in the end.
   */
  async readListing(
    command: CommandLine,
    take: (lines: readonly string[]) => unknown,
    options: VerbOptions,
  ): Promise<FtpReply> {
    try {
      return await this.#receiveLines(command, take, options);
    } catch (error) {
      if (!saysEmpty(error)) throw error;
      return error.reply;
    }
  }

  /** @internal The command for a listing with facts, or one for people. */
  listCommand(hasFacts: boolean, path: string | undefined): CommandLine {
    const none = path === undefined || path === "";
    return hasFacts
      ? this.commands.of("MLSD", ...(none ? [] : [path]))
      : this.commands.of("LIST", ...guarded(path));
  }

  async #receiveLines(
    command: CommandLine,
    take: (lines: readonly string[]) => unknown,
    options: TransferOptions,
  ): Promise<FtpReply> {
    const move: Move<void> = async (data) => {
      for await (const lines of data.readToEnd().lineBatches(this.decode)) await take(lines);
    };
    return (await this.transfers.run(command, "A", move, options)).reply;
  }

  /**
   * Retrieves a file as text with a whole command, "RETR name", as ftplib's retrlines does: `take` gets each line
   * without its end, and is awaited.
   */
  async retrLines(
    command: string,
    take: (line: string) => unknown,
    options: TransferOptions = {},
  ): Promise<FtpReply> {
    const takeAll = async (lines: readonly string[]): Promise<void> => {
      for (const line of lines) await take(line);
    };
    return this.#receiveLines(this.commands.raw(command), takeAll, options);
  }

  /**
   * Retrieves a file in binary with a whole command, "RETR name", as ftplib's retrbinary does. Resolves when the
   * server has said that all was sent and `taker` has it all.
   */
  async retrBinary(
    command: string,
    taker: ByteTaker,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    const move: Move<number> = (data, gaveUp) => pour(data, taker, gaveUp);
    const { result, reply } = await this.transfers.run(this.commands.raw(command), "I", move, options);
    return { bytes: result, reply };
  }

  /**
   * Stores content in binary with a whole command, "STOR name", as ftplib's storbinary does. Resolves when the
   * server has said that it has all.
   */
  async storBinary(command: string, content: Content, options: StoreOptions = {}): Promise<TransferResult> {
    return this.#store(this.commands.raw(command), "I", content, options);
  }

  /** Stores text: every line end becomes CRLF on the wire, and what the server's system has for it on its disk. */
  async storLines(command: string, content: Content, options: StoreOptions = {}): Promise<TransferResult> {
    return this.#store(this.commands.raw(command), "A", withCrlf(content), options);
  }

  /** Appends content to a file, or makes it. */
  async append(path: string, content: Content, options: StoreOptions = {}): Promise<TransferResult> {
    return this.#store(this.commands.of("APPE", path), "I", content, options);
  }

  /** Stores content under a name that the server chooses, like `path` if that is given; empty if it does not say. */
  async storUnique(
    content: Content,
    path?: string,
    options: StoreOptions = {},
  ): Promise<TransferResult & { readonly name: string }> {
    const command = path === undefined ? ftpCommand("STOU") : this.commands.of("STOU", path);
    let name = "";
    // RFC 1123 4.1.2.9: "FILE: name", in the preliminary reply; some say it at the end.
    const hear = ({ text }: FtpReply): void => {
      const [, unique, file] = /(?:\bunique file name:\s*([^\s()]+)|\bFILE:\s*(.*\S))/i.exec(text) ?? [];
      name ||= unique ?? file ?? "";
    };
    const result = await this.#store(command, "I", content, options, hear);
    hear(result.reply);
    return { ...result, name };
  }

  async #store(
    command: CommandLine,
    type: TransferType,
    content: Content,
    { onProgress, ...options }: StoreOptions,
    onBegin?: (reply: FtpReply) => void,
  ): Promise<TransferResult> {
    const move: Move<number> = async (data, gaveUp) => {
      // The source may never give another chunk.
      const bytes = await orAborted(data.writeContent(content, { onProgress, signal: gaveUp }), gaveUp);
      await finishSending(data);
      return bytes;
    };
    const { result, reply } = await this.transfers.run(command, type, move, options, onBegin);
    return { bytes: result, reply };
  }

  /**
   * Begins a transfer with a whole command, in the type that is set, and hands its data connection out, as ftplib's
   * ntransfercmd does. All other calls wait until `finish`.
   */
  async transferCmd(command: string, options: TransferOptions = {}): Promise<OpenTransfer> {
    const line = this.commands.raw(command);
    const isDownload = DOWNLOADS.test(command);
    return new Promise((resolve, reject) => {
      let size: number | undefined;
      const move: Move<void> = (connection, gaveUp) =>
        new Promise((done, fail) => {
          gaveUp.addEventListener("abort", () => done(), { once: true });
          const finish = async (): Promise<FtpReply> => {
            (isDownload ? drop(connection) : finishSending(connection)).then(done, fail);
            return (await running).reply;
          };
          resolve({ connection, size, finish });
        });
      const hear = ({ text }: FtpReply): void => {
        const digits = /\((\d{1,15}) bytes\)/i.exec(text)?.[1];
        size = digits === undefined ? undefined : Number(digits);
      };
      const running = this.transfers.run(line, undefined, move, options, hear);
      running.catch(reject);
    });
  }

  /** @internal Stores content in binary under that name. */
  async store(path: string, content: Content, options: StoreOptions): Promise<TransferResult> {
    return this.#store(this.commands.of("STOR", path), "I", content, options);
  }

  /** @internal Moves a file over a data connection in binary. */
  async move<T>(
    verb: "RETR" | "STOR" | "APPE",
    path: string,
    move: Move<T>,
    options: TaskTransferOptions,
  ): Promise<{ result: T; reply: FtpReply }> {
    return this.transfers.run(this.commands.of(verb, path), "I", move, options);
  }

  /**
   * Breaks off the transfer under way, which rejects with an AbortError; without one sends ABOR. The session stays
   * usable.
   */
  async abort(options: VerbOptions = {}): Promise<FtpReply> {
    const isUnderWay = this.transfers.abort(new DOMException("the transfer was aborted", "AbortError"));
    // Its last reply is then the transfer's own; this one shows that the dialogue is in step again.
    return isUnderWay ? this.noop(options) : this.voidCmd("ABOR", options);
  }
}

const DOWNLOADS = /^(?:RETR|LIST|NLST|MLSD)\b/i;

// A listing is kept in memory: one of some million files, and no endless one.
const LISTING_BYTES = 256 * 1_048_576;

/** @internal Ends our side of an upload; without TLS's own end a server may take it for cut off. */
export async function finishSending(data: Connection): Promise<void> {
  // With the last flight of a handshake under way, Node would leave TLS's end out: of an empty file.
  if (data.tls !== undefined) await turnOfLoop();
  data.end();
  await data.flush();
}

/** Reads what is left of a download, for nobody. */
async function drop(data: Connection): Promise<void> {
  for await (const _ of data.readToEnd());
}

const EMPTY = /\b(?:no (?:matching )?(?:files|members)|directory (?:is )?empty|empty directory)\b/i;
// What is missing may be called "empty", and some say all they can think of.
const NOT_THERE = /no such|does not|denied|invalid|permission/i;

/** Some servers refuse to list what is empty. */
function saysEmpty(error: unknown): error is ReplyError<FtpReply> {
  if (!(error instanceof ReplyError)) return false;
  const text = error.reply.lines.join(" ");
  return /^[45]50/.test(text) && EMPTY.test(text) && !NOT_THERE.test(text);
}
