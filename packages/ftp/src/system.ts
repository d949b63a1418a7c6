// What a server is asked about itself, and told about the session (RFC 959, 2389, 2640,
// draft-peterson-streamlined-ftp-command-extensions).
import { ArgumentError, ProtocolError, ReplyError, type VerbOptions } from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import { FtpControl } from "./control.ts";
import { assertPositive } from "./errors.ts";
import { FtpFeatures } from "./features.ts";
import type { FtpReply } from "./reply.ts";
import type { TransferMode, TransferType } from "./settings.ts";

/** FtpSystem is a session without its verbs for files and directories. */
export abstract class FtpSystem extends FtpControl {
  #features: FtpFeatures | undefined;

  override async login(...args: Parameters<FtpControl["login"]>): Promise<FtpReply> {
    const reply = await super.login(...args);
    // Another user may be offered other things.
    this.#features = undefined;
    if (this.target.compress === true && (await this.#offersCompression())) {
      this.transfers.settings.preferMode("Z");
    }
    return reply;
  }

  /** @internal What another session of the same user heard. */
  adoptFeatures(features: FtpFeatures): void {
    if (this.#features === undefined) this.#learn(features);
  }

  #learn(features: FtpFeatures): void {
    this.#features = features;
    this.transfers.data.usesPret = features.has("PRET");
    // RFC 2640 has it on where it is listed, but some servers want to be told. Nobody waits for the answer, hence not
    // where everybody has to.
    if (this.isSerial || this.target.codec !== undefined || !features.has("UTF8")) return;
    this.ask(ftpCommand("OPTS", "UTF8 ON"), {}).catch(() => undefined);
  }

  /** What the server can; asked once after each login. */
  async feat(options: VerbOptions = {}): Promise<FtpFeatures> {
    if (this.#features !== undefined) return this.#features;
    const command = ftpCommand("FEAT");
    const reply = await this.ask(command, options);
    // A server that knows no FEAT has none; one that is busy, or wants a login first, may have some later.
    if (reply.code < 500 || reply.code === 530) assertPositive(reply, command);
    const features = new FtpFeatures(reply);
    this.#learn(features);
    return features;
  }

  async #offersCompression(): Promise<boolean> {
    try {
      return (await this.feat()).canCompress;
    } catch (error) {
      if (error instanceof ReplyError) return false;
      throw error;
    }
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

  /** Sets the type for the verbs that do not choose one: `I` as it is, `A` text. */
  async type(type: TransferType, { signal }: VerbOptions = {}): Promise<void> {
    // Who asks for a size meanwhile must not rely on the one before.
    this.transfers.settings.forgetType();
    return this.pipeline.exclusive((turn) => this.transfers.settings.useType(turn, type, signal), signal);
  }

  /** How content goes over data connections: `S` as it is, `Z` compressed (draft-preston-ftpext-deflate). */
  async mode(mode: TransferMode, { signal }: VerbOptions = {}): Promise<void> {
    return this.pipeline.exclusive((turn) => this.transfers.settings.useMode(turn, mode, signal), signal);
  }

  /** Says that only EPSV will be asked for from now on (RFC 2428 4), and nothing else is: no PASV, and no active mode. */
  async epsvAll(options: VerbOptions = {}): Promise<void> {
    await this.expect(ftpCommand("EPSV", "ALL"), options);
    this.transfers.data.useEpsvOnly();
  }

  /** Chooses the language of replies (RFC 2640 LANG), or the server's own one. FEAT lists what there is. */
  async lang(tag?: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.expect(this.commands.of("LANG", ...(tag === undefined ? [] : [tag])), options);
  }

  /** Says what client this is; some servers speak UTF-8 only with those that they know. */
  async clnt(name: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.expect(this.commands.of("CLNT", name), options);
  }

  /** Says what client this is, "Name" and "Version" for two; resolves to what the server says of itself. */
  async csid(
    facts: Readonly<Record<string, string>>,
    options: VerbOptions = {},
  ): Promise<ReadonlyMap<string, string>> {
    const pairs = Object.entries(facts).map(([name, value]) => {
      if (/[=;]/.test(name) || value.includes(";")) {
        throw new ArgumentError(`"${name}=${value}" is no fact about a client`);
      }
      return `${name}=${value};`;
    });
    const { text } = await this.expect(this.commands.of("CSID", pairs.join(" ")), options);
    const told = text.split(";").map((fact) => fact.trim());
    return new Map(
      told
        .filter((fact) => fact.includes("="))
        .map((fact) => [fact.slice(0, fact.indexOf("=")), fact.slice(fact.indexOf("=") + 1)]),
    );
  }

  /** Has the server make room for so many bytes (RFC 959 ALLO). */
  async allo(bytes: number, options: VerbOptions = {}): Promise<FtpReply> {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new ArgumentError(`room is for a whole number of bytes, not ${bytes}`);
    }
    return this.expect(ftpCommand("ALLO", String(bytes)), options);
  }

  /** Bytes that there is room for, in the current directory by default (AVBL). */
  async avbl(path?: string, options: VerbOptions = {}): Promise<number> {
    const command = this.commands.of("AVBL", ...(path === undefined ? [] : [path]));
    const { text } = await this.expect(command, options, 213);
    const digits = /^\s*(\d{1,20})\b/.exec(text)?.[1];
    if (digits !== undefined) return Number(digits);
    throw new ProtocolError(`no number in the answer to AVBL: ${JSON.stringify(text.slice(0, 80))}`);
  }
}
