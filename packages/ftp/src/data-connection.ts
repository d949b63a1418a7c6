// Data connections: passive (RFC 2428 EPSV, RFC 959 PASV), active (EPRT, PORT), and how they are asked for.
import {
  type CommandLine,
  connect,
  ConnectError,
  type Connection,
  type ConnectOptions,
  expectConnection,
  NotSupportedError,
  orAborted,
  ProtocolError,
  type Turn,
} from "@netcli/core-transport";
import { bareAddress, eprtCommand, portCommand } from "./active-command.ts";
import { ftpCommand } from "./command.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import { assertOwnAddress, parseEpsvPort, parsePasvPort } from "./passive-reply.ts";
import type { FtpReply } from "./reply.ts";

// The lower ones are those of services, which no server chooses for data (RFC 2577 3).
const UNPRIVILEGED = 1_024;

/** A data connection that was asked for. */
export interface DataChannel {
  /** In active mode it comes only when the server begins. */
  readonly connection: Promise<Connection>;
  /** The port was asked for during the transfer before. */
  readonly wasAhead: boolean;
  /** Cuts it, whether it is there yet or not: the server sees that this is no end of a file. */
  cancel(reason: Error): void;
}

function channelOver(connection: Connection, wasAhead: boolean = false): DataChannel {
  return {
    connection: Promise.resolve(connection),
    wasAhead,
    cancel: (reason) => connection.reset(reason),
  };
}

/** DataConnections asks for the data connections of one session, in the way that worked before. */
export class DataConnections {
  readonly #control: Connection;
  readonly #options: FtpTarget;
  #passive: "EPSV" | "PASV" = "EPSV";
  #active: "EPRT" | "PORT" = "EPRT";
  // The answer to an EPSV or PASV that was sent behind the command before.
  #ahead: Promise<FtpReply> | undefined;
  // A data connection has come about in passive mode.
  #proven = false;
  #isPassive: boolean;
  #isEpsvOnly = false;
  /** The server wants to know what a data connection is for before it opens a port (drftpd's PRET). */
  usesPret = false;

  constructor(control: Connection, options: FtpTarget) {
    this.#control = control;
    this.#options = options;
    this.#isPassive = options.active === undefined || options.active === false;
  }

  /** Nothing but EPSV is sent from now on. */
  useEpsvOnly(): void {
    this.#isEpsvOnly = true;
    this.#passive = "EPSV";
    this.isPassive = true;
  }

  /** The way of asking that is used next has led to a data connection before. */
  get isProven(): boolean {
    return this.#isPassive && this.#proven && !this.usesPret;
  }

  /** The answer to what was asked ahead, if that was. */
  get ahead(): Promise<FtpReply> | undefined {
    return this.#ahead;
  }

  get isPassive(): boolean {
    return this.#isPassive;
  }

  set isPassive(on: boolean) {
    this.#isPassive = on;
    this.forgetAhead();
  }

  /** Sends the commands that it takes before `command`. Rejects with ReplyError, ConnectError, ... */
  async open(turn: Turn<FtpReply>, command: CommandLine, signal: AbortSignal): Promise<DataChannel> {
    if (!this.#isPassive) return this.#openActive(turn, signal);
    // Or else it goes out at once, in front of REST.
    const ready = this.#ahead === undefined ? undefined : await this.#openAhead(signal, this.#passive);
    const connection = ready ?? (await this.#openPassive(turn, signal, this.#passive, command));
    this.#proven = true;
    return channelOver(connection, ready !== undefined);
  }

  /**
   * Asks for the next data connection behind the command that uses this one, so that its port is known as soon as
   * that is done; the answer goes to `meanwhile`, too. Not before one has worked: the server would wait on a port
   * that nobody reaches.
   */
  lookAhead(turn: Turn<FtpReply>, meanwhile: Promise<FtpReply>[]): void {
    if (!this.#options.trust.looksAhead || !this.isProven || this.#ahead !== undefined) return;
    this.#ahead = turn.command(ftpCommand(this.#passive));
    this.#ahead.catch(() => undefined);
    meanwhile.push(this.#ahead);
  }

  /** Does not use what was asked for ahead: the server gives such a port up some time, and then to others. */
  forgetAhead(): void {
    this.#ahead = undefined;
  }

  async #openPassive(
    turn: Turn<FtpReply>,
    signal: AbortSignal,
    verb: "EPSV" | "PASV",
    purpose: CommandLine,
  ): Promise<Connection> {
    if (this.usesPret) await this.#announce(turn, signal, purpose);
    const command = ftpCommand(verb);
    const reply = await turn.command(command, { signal });
    if (reply.code >= 500 && !this.usesPret && /\bPRET\b/.test(reply.text)) {
      this.usesPret = true;
      return this.#openPassive(turn, signal, verb, purpose);
    }
    if (reply.code >= 500 && verb === "EPSV" && !this.#isEpsvOnly) {
      return this.#openPassive(turn, signal, "PASV", purpose);
    }
    assertPositive(reply, command);
    const port = this.#portOf(verb, reply);
    this.#passive = verb;
    return connectData(this.#control, { ...this.#options, signal }, port);
  }

  /** Says what the data connection is for: a server of many machines opens a port on one that has the file. */
  async #announce(turn: Turn<FtpReply>, signal: AbortSignal, { line, shown }: CommandLine): Promise<void> {
    const pret = typeof line === "string" ? `PRET ${line}` : Buffer.concat([Buffer.from("PRET "), line]);
    const command = { line: pret, shown: `PRET ${shown}` };
    assertPositive(await turn.command(command, { signal }), command);
  }

  /** Undefined where nothing was asked for ahead. What was refused behind another command may be granted now. */
  async #openAhead(signal: AbortSignal, verb: "EPSV" | "PASV"): Promise<Connection | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const reply = ahead === undefined ? undefined : await orAborted(ahead, signal);
    if (reply === undefined) return undefined;
    if (reply.code !== (verb === "EPSV" ? 229 : 227)) {
      this.#options.trust.refuseLookAhead();
      return undefined;
    }
    try {
      return await connectData(this.#control, { ...this.#options, signal }, this.#portOf(verb, reply));
    } catch (error) {
      // A server that opened the port at once may have given it up meanwhile.
      if (error instanceof ConnectError) return undefined;
      throw error;
    }
  }

  #portOf(verb: "EPSV" | "PASV", reply: FtpReply): number {
    const { strictPassive = false, proxy } = this.#options;
    try {
      // Behind a proxy nobody here knows its address.
      const hasAddress = verb === "PASV" && proxy === undefined;
      if (strictPassive && hasAddress) assertOwnAddress(reply.text, this.#control.remoteAddress);
      const port = verb === "EPSV" ? parseEpsvPort(reply.text) : parsePasvPort(reply.text);
      if (!strictPassive || port >= UNPRIVILEGED) return port;
      throw new ProtocolError(
        `the server names port ${port} for the data connection, which is that of a service`,
      );
    } catch (error) {
      this.#control.destroy(error as Error);
      throw error;
    }
  }

  async #openActive(turn: Turn<FtpReply>, signal: AbortSignal): Promise<DataChannel> {
    if (this.#isEpsvOnly) throw new NotSupportedError("EPSV ALL was said: the server makes no connections");
    const control = this.#control;
    const { localAddress, remoteAddress } = control;
    const { active, limits, timeouts, trace, proxy } = this.#options;
    if (proxy !== undefined || localAddress === undefined || remoteAddress === undefined) {
      throw new NotSupportedError(
        "through a proxy the server can make no connection to us; use passive mode",
      );
    }
    const { address = localAddress, ports } = typeof active === "object" ? active : {};
    const incoming = await expectConnection({
      address: localAddress,
      ports,
      from: remoteAddress,
      host: control.host,
      ...(limits === undefined ? {} : { limits }),
      ...(timeouts === undefined ? {} : { timeouts }),
      ...(trace === undefined ? {} : { trace }),
    });
    try {
      await this.#sayWhere(turn, address, incoming.port, signal);
    } catch (error) {
      incoming.close();
      throw error;
    }
    const channel = incoming.accept().then((made) => channelOver(made));
    const connection = channel.then((made) => made.connection);
    // Who has given up does not wait for it.
    connection.catch(() => undefined);
    return {
      connection,
      wasAhead: false,
      cancel(reason) {
        incoming.close(reason);
        channel.then(
          (made) => made.cancel(reason),
          () => undefined,
        );
      },
    };
  }

  async #sayWhere(turn: Turn<FtpReply>, address: string, port: number, signal: AbortSignal): Promise<void> {
    const isIPv6 = bareAddress(address).includes(":");
    if (this.#active === "EPRT") {
      const command = eprtCommand(address, port);
      const reply = await turn.command(command, { signal });
      if (reply.code < 300) return;
      if (isIPv6 || reply.code < 500) throw refusal(reply, command);
    }
    const command = portCommand(address, port);
    assertPositive(await turn.command(command, { signal }), command);
    this.#active = "PORT";
  }
}

/**
 * Connects to `port` of the machine that the control connection leads to, the same way as that one. The name
 * stays that of the server, so that TLS verifies and resumes the same identity, but its address is pinned.
 */
function connectData(
  control: Connection,
  options: Omit<ConnectOptions, "tls">,
  port: number,
): Promise<Connection> {
  const address = control.remoteAddress;
  return connect({
    ...options,
    port,
    localPort: undefined,
    tls: false,
    ...(options.proxy === undefined && address !== undefined
      ? {
          lookup: (_host, { all }, callback) => {
            const family = address.includes(":") ? 6 : 4;
            if (all === true) callback(null, [{ address, family }]);
            else callback(null, address, family);
          },
        }
      : {}),
  });
}
