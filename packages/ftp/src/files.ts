// The verbs that need no data connection, under the names of Python's ftplib (RFC 959, 2389, 3659).
import { ArgumentError, ProtocolError, type CommandLine } from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import { FtpControl, type VerbOptions } from "./control.ts";
import { assertPositive, refusal } from "./errors.ts";
import { FtpFeatures } from "./features.ts";
import { hashCommand, parseHash, type FtpHash } from "./hash.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { parseMlsx } from "./listing/mlsx.ts";
import { guarded, parseQuotedPath } from "./path.ts";
import type { FtpReply } from "./reply.ts";
import { formatTime, parseTime } from "./time.ts";
import type { TransferType } from "./transfer.ts";

/** FtpFiles is a session without its transfers. */
export abstract class FtpFiles extends FtpControl {
  #features: FtpFeatures | undefined;
  #selectedHash: string | undefined;

  override async login(...args: Parameters<FtpControl["login"]>): Promise<FtpReply> {
    const reply = await super.login(...args);
    // Another user may be offered other things.
    this.#features = undefined;
    this.#selectedHash = undefined;
    return reply;
  }

  /** What the server can; asked once after each login. */
  async feat(options: VerbOptions = {}): Promise<FtpFeatures> {
    if (this.#features !== undefined) return this.#features;
    const command = ftpCommand("FEAT");
    const reply = await this.ask(command, options);
    // A server that knows no FEAT has none; one that is busy, or wants a login first, may have some later.
    if (reply.code < 500 || reply.code === 530) assertPositive(reply, command);
    this.#features = new FtpFeatures(reply);
    return this.#features;
  }

  /** The current directory. */
  async pwd(options: VerbOptions = {}): Promise<string> {
    return parseQuotedPath((await this.expect(ftpCommand("PWD"), options, 257)).text);
  }

  /** Changes the directory; `..` goes up with CDUP where the server knows it. */
  async cwd(path: string, options: VerbOptions = {}): Promise<FtpReply> {
    if (path === "..") {
      const command = ftpCommand("CDUP");
      const reply = await this.ask(command, options);
      if (reply.code !== 500 && reply.code !== 502) return assertPositive(reply, command);
    }
    return this.expect(this.commands.of("CWD", path === "" ? "." : path), options);
  }

  /** Changes to the parent directory. */
  async cdup(options: VerbOptions = {}): Promise<FtpReply> {
    return this.cwd("..", options);
  }

  /** Makes a directory. Resolves to its path as the server says it; empty if it does not. */
  async mkd(path: string, options: VerbOptions = {}): Promise<string> {
    const { text } = await this.expect(this.commands.of("MKD", path), options);
    return text.startsWith('"') ? parseQuotedPath(text) : "";
  }

  /** Removes an empty directory. */
  async rmd(path: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.expect(this.commands.of("RMD", path), options);
  }

  /** Deletes a file. */
  async delete(path: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.expect(this.commands.of("DELE", path), options);
  }

  /** Renames or moves a file or directory. */
  async rename(from: string, to: string, { signal }: VerbOptions = {}): Promise<FtpReply> {
    const commands = [this.commands.of("RNFR", from), this.commands.of("RNTO", to)] as const;
    return this.pipeline.exclusive(async (turn) => {
      const reply = await turn.command(commands[0], { signal });
      if (reply.code !== 350) throw refusal(reply, commands[0]);
      return assertPositive(await turn.command(commands[1], { signal }), commands[1]);
    }, signal);
  }

  /** Size of a file in bytes as it would be transferred (RFC 3659 4); undefined if the server does not tell. */
  async size(path: string, options: VerbOptions = {}): Promise<number | undefined> {
    const reply = await this.#asBinary(this.commands.of("SIZE", path), options);
    const size = reply.code === 213 && /^\s*\d+\s*$/.test(reply.text) ? Number(reply.text) : undefined;
    return Number.isSafeInteger(size) ? size : undefined;
  }

  /** For what depends on the type: in type A some servers refuse, others count every line once more. */
  async #asBinary(command: CommandLine, options: VerbOptions): Promise<FtpReply> {
    if (this.transfers.isOfType("I")) return assertPositive(await this.ask(command, options), command);
    return this.pipeline.exclusive(async (turn) => {
      await this.transfers.useType(turn, "I", options.signal);
      return assertPositive(await turn.command(command, options), command);
    }, options.signal);
  }

  /** When a file was last changed (RFC 3659 3); undefined if the server does not tell. */
  async mdtm(path: string, options: VerbOptions = {}): Promise<Date | undefined> {
    const reply = await this.expect(this.commands.of("MDTM", path), options);
    return reply.code === 213 ? parseTime(reply.text.trim()) : undefined;
  }

  /** Sets when a file was last changed, to the second (draft-somers-ftp-mfxx MFMT). */
  async mfmt(path: string, modifiedAt: Date, options: VerbOptions = {}): Promise<FtpReply> {
    return this.expect(this.commands.of("MFMT", formatTime(modifiedAt), path), options);
  }

  /** Sets permission bits (SITE CHMOD). */
  async chmod(path: string, mode: number, options: VerbOptions = {}): Promise<FtpReply> {
    if (!Number.isInteger(mode) || mode < 0 || mode > 0o7777) {
      throw new ArgumentError(`a mode must be 0 to 0o7777, not ${mode}`);
    }
    return this.expect(
      this.commands.of("SITE", `CHMOD ${mode.toString(8).padStart(3, "0")} ${path}`),
      options,
    );
  }

  /**
   * The hash of a file, by HASH or what older servers have (XSHA256, XMD5, XCRC, ...). Rejects with
   * NotSupportedError if the server has none, or not that algorithm (`SHA-256`, `MD5`, `CRC32`, ...).
   */
  async hash(path: string, algorithm?: string, options: VerbOptions = {}): Promise<FtpHash> {
    // Before anything is sent.
    this.commands.of("HASH", path, algorithm ?? "");
    const asking = hashCommand(await this.feat(options), algorithm);
    const { signal } = options;
    const command = this.commands.of(asking.verb, path);
    return this.pipeline.exclusive(async (turn) => {
      await this.transfers.useType(turn, "I", signal);
      if (asking.verb === "HASH" && this.#selectedHash !== asking.algorithm) {
        const select = ftpCommand("OPTS", `HASH ${asking.algorithm}`);
        assertPositive(await turn.command(select, { signal }), select);
        this.#selectedHash = asking.algorithm;
      }
      return parseHash(asking, assertPositive(await turn.command(command, { signal }), command));
    }, signal);
  }

  /** What the server knows of one file or directory (RFC 3659 7); by default of the current directory. */
  async mlst(path?: string, options: VerbOptions = {}): Promise<FtpEntry> {
    const command = this.commands.of("MLST", ...(path === undefined ? [] : [path]));
    const reply = await this.expect(command, options, 250);
    // The facts stand in a line of their own between the first and the last, behind a space.
    const entry = parseMlsx((reply.lines[1] ?? "").replace(/^(?:250-)? ?/, ""));
    if (entry !== undefined) return entry;
    throw new ProtocolError(`no facts in the answer to MLST: ${JSON.stringify(reply.text.slice(0, 80))}`);
  }

  /** What the server says about itself, or about a path over the control connection (RFC 959 STAT). */
  async stat(path?: string, options: VerbOptions = {}): Promise<readonly string[]> {
    const command = this.commands.of("STAT", ...guarded(path));
    const { lines } = await this.expect(command, options);
    return lines.slice(1, -1);
  }

  /** Sets the type for the verbs that do not choose one: `I` as it is, `A` text. */
  async type(type: TransferType, { signal }: VerbOptions = {}): Promise<void> {
    // Who asks for a size meanwhile must not rely on the one before.
    this.transfers.forgetType();
    return this.pipeline.exclusive((turn) => this.transfers.useType(turn, type, signal), signal);
  }

  /** The kind of system the server runs on, "UNIX Type: L8". */
  async syst(options: VerbOptions = {}): Promise<string> {
    return (await this.expect(ftpCommand("SYST"), options)).text;
  }

  /** What the server says about a command, or about all. */
  async help(topic: string = "", options: VerbOptions = {}): Promise<string> {
    const command = topic === "" ? ftpCommand("HELP") : this.commands.of("HELP", topic);
    return (await this.expect(command, options)).text;
  }

  /** Sets an option of a command (RFC 2389 OPTS). */
  async opts(command: string, value: string = "", options: VerbOptions = {}): Promise<FtpReply> {
    return this.expect(this.commands.of("OPTS", command, ...(value === "" ? [] : [value])), options);
  }

  /** Sends a command that only this server knows (RFC 959 SITE). */
  site(line: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.voidCmd(`SITE ${line}`, options);
  }
}
