// Data connections: passive (RFC 2428 EPSV, RFC 959 PASV), active (EPRT, PORT), and how they are asked for.
import {
  connect,
  ConnectError,
  expectConnection,
  NotSupportedError,
  ProtocolError,
  type Connection,
  type ConnectOptions,
  type Turn,
} from "@netcli/core-transport";
import { orAborted } from "./abort.ts";
import { ftpCommand } from "./command.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import type { FtpReply } from "./reply.ts";

/**
 * The port in a 229 reply: `(|||6446|)`, where the bar may be any printable character (RFC 2428 3).
 * Throws ProtocolError.
 */
export function parseEpsvPort(text: string): number {
  const open = text.indexOf("(");
  const close = text.indexOf(")", open);
  const inside = open === -1 || close === -1 ? "" : text.slice(open + 1, close);
  const bar = inside[0] ?? "";
  const [before, network, address, port, after, ...rest] = inside.split(bar);
  const isWellFormed = before === "" && network === "" && address === "" && after === "" && rest.length === 0;
  return checkPort(isWellFormed ? port : undefined, text);
}

/**
 * The port in a 227 reply: the last two of six numbers (RFC 959 4.1.2). The address before them is ignored: behind
 * NAT it is wrong, and a hostile server would have us connect to third parties (CVE-2021-4189).
 * Throws ProtocolError.
 */
export function parsePasvPort(text: string): number {
  const numbers = /(?<!\d)\d{1,3}(?:,\d{1,3}){5}(?!\d)/.exec(text)?.[0].split(",").map(Number);
  const [, , , , high, low] = numbers ?? [];
  if (high === undefined || low === undefined || high > 255 || low > 255) return checkPort(undefined, text);
  return checkPort(String(high * 256 + low), text);
}

function checkPort(digits: string | undefined, text: string): number {
  const port = /^\d{1,5}$/.test(digits ?? "") ? Number(digits) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ProtocolError(`the server names no port to connect to: ${JSON.stringify(text.slice(0, 80))}`);
}

/** A data connection that was asked for. */
export interface DataChannel {
  /** In active mode it comes only when the server begins. */
  readonly connection: Promise<Connection>;
  /** Cuts it, whether it is there yet or not: the server sees that this is no end of a file. */
  cancel(reason: Error): void;
}

function channelOver(connection: Connection): DataChannel {
  return {
    connection: Promise.resolve(connection),
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

  constructor(control: Connection, options: FtpTarget) {
    this.#control = control;
    this.#options = options;
    this.#isPassive = options.active === undefined || options.active === false;
  }

  set isPassive(on: boolean) {
    this.#isPassive = on;
    this.forgetAhead();
  }

  /** Sends the commands that it takes. Rejects with ReplyError, ConnectError, ... */
  async open(turn: Turn<FtpReply>, signal: AbortSignal): Promise<DataChannel> {
    if (!this.#isPassive) return this.#openActive(turn, signal);
    const connection = await this.#openPassive(turn, signal, this.#passive);
    this.#proven = true;
    return channelOver(connection);
  }

  /**
   * Asks for the next data connection behind the command that uses this one, so that its port is known as soon as
   * that is done; the answer goes to `meanwhile`, too. Not before one has worked: the server would wait on a port
   * that nobody reaches.
   */
  lookAhead(turn: Turn<FtpReply>, meanwhile: Promise<FtpReply>[]): void {
    if (!this.#isPassive || !this.#proven || this.#ahead !== undefined) return;
    this.#ahead = turn.command(ftpCommand(this.#passive));
    this.#ahead.catch(() => undefined);
    meanwhile.push(this.#ahead);
  }

  /** Does not use what was asked for ahead: the server gives such a port up some time, and then to others. */
  forgetAhead(): void {
    this.#ahead = undefined;
  }

  async #openPassive(turn: Turn<FtpReply>, signal: AbortSignal, verb: "EPSV" | "PASV"): Promise<Connection> {
    const ready = await this.#openAhead(signal, verb);
    if (ready !== undefined) return ready;
    const command = ftpCommand(verb);
    const reply = await turn.command(command, { signal });
    if (reply.code >= 500 && verb === "EPSV") return this.#openPassive(turn, signal, "PASV");
    assertPositive(reply, command);
    const port = this.#portOf(verb, reply);
    this.#passive = verb;
    return connectData(this.#control, { ...this.#options, signal }, port);
  }

  /** Undefined where nothing was asked for ahead. What was refused behind another command may be granted now. */
  async #openAhead(signal: AbortSignal, verb: "EPSV" | "PASV"): Promise<Connection | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const reply = ahead === undefined ? undefined : await orAborted(ahead, signal);
    if (reply?.code !== (verb === "EPSV" ? 229 : 227)) return undefined;
    try {
      return await connectData(this.#control, { ...this.#options, signal }, this.#portOf(verb, reply));
    } catch (error) {
      // A server that opened the port at once may have given it up meanwhile.
      if (error instanceof ConnectError) return undefined;
      throw error;
    }
  }

  #portOf(verb: "EPSV" | "PASV", reply: FtpReply): number {
    try {
      return verb === "EPSV" ? parseEpsvPort(reply.text) : parsePasvPort(reply.text);
    } catch (error) {
      this.#control.destroy(error as Error);
      throw error;
    }
  }

  async #openActive(turn: Turn<FtpReply>, signal: AbortSignal): Promise<DataChannel> {
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
    const channel = incoming.accept().then(channelOver);
    const connection = channel.then((made) => made.connection);
    // Who has given up does not wait for it.
    connection.catch(() => undefined);
    return {
      connection,
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
    // Without the name of a network interface of ours: fe80::1%eth0.
    const bare = address.replace(/^::ffff:/, "").replace(/%.*$/, "");
    const family = bare.includes(":") ? 2 : 1;
    if (this.#active === "EPRT") {
      const command = ftpCommand("EPRT", `|${family}|${bare}|${port}|`);
      const reply = await turn.command(command, { signal });
      if (reply.code < 300) return;
      if (family === 2 || reply.code < 500) throw refusal(reply, command);
    }
    const numbers = [...bare.split("."), port >> 8, port & 255].join(",");
    const command = ftpCommand("PORT", numbers);
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
