// The verbs that need no data connection, under the names of Python's ftplib (RFC 959, 2389, 3659).
import {
  ArgumentError,
  type CommandLine,
  NotSupportedError,
  orAborted,
  ProtocolError,
  type VerbOptions,
} from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpFeatures } from "./features.ts";
import { hashCommand, parseHash, type FtpHash } from "./hash.ts";
import { entriesOf } from "./listing/entries.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { parseMlsx } from "./listing/mlsx.ts";
import type { ListingReaderOptions } from "./listing/reader.ts";
import { guarded, parseQuotedPath } from "./path.ts";
import type { FtpReply } from "./reply.ts";
import { FtpSystem } from "./system.ts";
import { timeCommand } from "./time-command.ts";
import { formatTime, parseTime } from "./time.ts";

/** FtpFiles is a session without its transfers. */
export abstract class FtpFiles extends FtpSystem {
  #selectedHash: string | undefined;

  override async login(...args: Parameters<FtpSystem["login"]>): Promise<FtpReply> {
    const reply = await super.login(...args);
    this.#selectedHash = undefined;
    return reply;
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
    // Both or none go out: a server remembers a RNFR, and another RNTO might be taken to mean it.
    const replies = this.isSerial
      ? await this.pipeline.exclusive(async (turn) => {
          const asked = await turn.command(commands[0]);
          return asked.code === 350 ? [asked, await turn.command(commands[1])] : [asked];
        }, signal)
      : await orAborted(
          this.pipeline.together((turn) => Promise.all(commands.map((each) => turn.command(each))), signal),
          signal,
        );
    const [asked, renamed] = replies;
    if (asked?.code !== 350) throw refusal(asked as FtpReply, commands[0]);
    return assertPositive(renamed as FtpReply, commands[1]);
  }

  /** Size of a file in bytes as it would be transferred (RFC 3659 4); undefined if the server does not tell. */
  async size(path: string, options: VerbOptions = {}): Promise<number | undefined> {
    const command = this.commands.of("SIZE", path);
    const [reply] = (await this.#askAsBinary([command], options)) as [FtpReply];
    return sizeIn(assertPositive(reply, command));
  }

  /**
   * @internal Size and time of a file, in one round trip where the server stands that; undefined where it does not
   * tell.
   */
  async facts(path: string, options: VerbOptions): Promise<[size: number | undefined, Date | undefined]> {
    const asking = [this.commands.of("SIZE", path), this.commands.of("MDTM", path)];
    const [sized, timed] = (await this.#askAsBinary(asking, options)) as [FtpReply, FtpReply];
    return [sizeIn(sized), timeIn(timed)];
  }

  /** For what depends on the type: in type A some servers refuse, others count every line once more. */
  #askAsBinary(commands: readonly CommandLine[], { signal }: VerbOptions): Promise<FtpReply[]> {
    const { settings } = this.transfers;
    if (this.isSerial) {
      return this.pipeline.exclusive(async (turn) => {
        await settings.useType(turn, "I", signal);
        const replies: FtpReply[] = [];
        for (const command of commands) replies.push(await turn.command(command, { signal }));
        return replies;
      }, signal);
    }
    return this.pipeline.together(async (turn) => {
      const typing = settings.useType(turn, "I", signal);
      const asking = Promise.all(commands.map((command) => turn.command(command, { signal })));
      const [, replies] = await Promise.all([typing, asking]);
      return replies;
    }, signal);
  }

  /** When a file was last changed (RFC 3659 3); undefined if the server does not tell. */
  async mdtm(path: string, options: VerbOptions = {}): Promise<Date | undefined> {
    return timeIn(await this.expect(this.commands.of("MDTM", path), options));
  }

  /** Sets when a file was last changed, to the second (draft-somers-ftp-mfxx MFMT). */
  async mfmt(path: string, modifiedAt: Date, options: VerbOptions = {}): Promise<FtpReply> {
    return this.expect(this.commands.of("MFMT", formatTime(modifiedAt), path), options);
  }

  /**
   * Sets when a file was last changed in whichever way the server has: MFMT, MFF, MDTM with a time, or SITE UTIME.
   * Rejects with NotSupportedError where it has none.
   */
  async utime(path: string, modifiedAt: Date, options: VerbOptions = {}): Promise<FtpReply> {
    const time = formatTime(modifiedAt);
    const [command, isSure] = timeCommand(this.commands, path, time, {
      features: await this.feat(options),
      welcome: this.welcome,
    });
    const reply = await this.ask(command, options);
    if (!isSure && reply.code >= 500 && reply.code < 505) {
      const cause = refusal(reply, command);
      throw new NotSupportedError("the server has no way to set times that is known", { cause });
    }
    assertPositive(reply, command);
    // Who does not know MDTM to set a time looks for a file of that name, and tells the time of that.
    const told = command.shown.startsWith("MDTM") ? parseTime(reply.text.trim()) : undefined;
    if (told !== undefined && formatTime(told) !== time) {
      throw new NotSupportedError("the server tells times by MDTM, but does not set them");
    }
    return reply;
  }

  /** @internal The same where it is known which way that is; what the server says to it does not matter. */
  async keepTime(path: string, modifiedAt: Date, features: FtpFeatures, options: VerbOptions): Promise<void> {
    const server = { features, welcome: this.welcome };
    const [command, isSure] = timeCommand(this.commands, path, formatTime(modifiedAt), server);
    if (isSure) await this.ask(command, options);
  }

  /** Joins parts into one file, behind what that has, and removes them (COMB). */
  async combine(target: string, parts: readonly string[], options: VerbOptions = {}): Promise<FtpReply> {
    const names = [target, ...parts];
    const unquotable = names.find((name) => name.includes('"'));
    if (unquotable !== undefined) throw new ArgumentError(`COMB can't be told the name ${unquotable}`);
    return this.expect(this.commands.of("COMB", ...names.map((name) => `"${name}"`)), options);
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
      await this.transfers.settings.useType(turn, "I", signal);
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

  /**
   * The entries of a directory over the control connection (STAT): one round trip, no data connection. The directory
   * itself and its parent, where the server lists them, are marked (`special`).
   */
  async statDir(
    path?: string,
    { signal, ...reading }: VerbOptions & Pick<ListingReaderOptions, "now" | "utcOffset" | "parser"> = {},
  ): Promise<FtpEntry[]> {
    const lines = await this.stat(path ?? ".", { signal });
    // Some put the code in front of each line, others a space, so that none looks like the last one.
    const bare = lines.map((line) => line.replace(/^(?:21\d-)? ?/, ""));
    return entriesOf(bare, reading);
  }
}

function sizeIn({ code, text }: FtpReply): number | undefined {
  const size = code === 213 && /^\s*\d+\s*$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(size) ? size : undefined;
}

function timeIn({ code, text }: FtpReply): Date | undefined {
  return code === 213 ? parseTime(text.trim()) : undefined;
}
