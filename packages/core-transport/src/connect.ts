// Makes connections: TCP over IPv4 and IPv6 (whichever answers first, RFC 8305), Unix sockets, proxies, and
// implicit TLS, all within one deadline.
import { connect as netConnect, isIP, type LookupFunction, type NetConnectOpts, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, TLSSocket } from "node:tls";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { within } from "./deadline.ts";
import { ArgumentError, ConnectError, NetcliError, TimeoutError } from "./errors.ts";
import { hostPort, parseProxyUrl, tunnel, type ProxyAddress } from "./proxy.ts";
import { tlsConnectOptions, whenSecure, type TlsOptions } from "./tls.ts";
import { assertPort, isLoopback, normalizeHost } from "./url.ts";

/** What a Connector is asked for. */
export interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

/** Connector makes the connection in your own way; it resolves to a stream that leads to the target. */
export type Connector = (target: ConnectTarget) => Promise<Duplex>;

export interface ConnectOptions extends ConnectionOptions {
  /** A name or an IP address. */
  host?: string | undefined;
  port?: number | undefined;
  /** A Unix socket instead of host and port; `\0name` is one in Linux's abstract namespace. */
  path?: string | undefined;
  /** TLS from the first byte. */
  tls?: TlsOptions | boolean | undefined;
  /** `socks5://[user:password@]host:port`, `http://...`, or a function. */
  proxy?: string | Connector | undefined;
  /** Use only this family of addresses; by default both are tried. */
  family?: 4 | 6 | undefined;
  /** The address of this machine to connect from. */
  localAddress?: string | undefined;
  localPort?: number | undefined;
  /** Resolves names instead of the system, as node:dns.lookup does. */
  lookup?: LookupFunction | undefined;
  /** Gives up with the signal's reason. */
  signal?: AbortSignal | undefined;
}

// RFC 8305 5 recommends 250 ms before the next address is tried beside the first.
const NEXT_ADDRESS_MILLISECONDS = 250;

// As undici and many servers do: routers forget connections that are silent for longer.
const KEEP_ALIVE_MILLISECONDS = 60_000;

// sockaddr_un.sun_path of Linux; Node before 24 cuts longer names silently and connects to another socket.
const LONGEST_PATH = 107;

/** Where to connect to, checked. */
interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  /** For messages and traces. */
  readonly peer: string;
}

/**
 * Connects. Rejects with ConnectError, TlsError or TimeoutError (phase `connect`: one deadline from the name
 * lookup to the end of the TLS handshake), ArgumentError, or the signal's reason.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const target = checkTarget(options);
  const proxy = typeof options.proxy === "string" ? parseProxyUrl(options.proxy) : options.proxy;
  const connection = new Connection(target.host, target.peer, options);
  const milliseconds = connection.timeouts.connect;
  const expired = (): Error =>
    new TimeoutError(`no connection to ${target.peer} within ${milliseconds} ms`, "connect", milliseconds);
  const tls = options.tls === true ? {} : options.tls === false ? undefined : options.tls;
  return within(milliseconds, expired, options.signal, async (signal) => {
    try {
      signal.throwIfAborted();
      if (proxy === undefined) {
        await dial(connection, target, options, tls, signal);
      } else {
        if (typeof proxy === "function") await dialByFunction(connection, target, proxy, signal);
        else await dialThroughProxy(connection, target, proxy, options, signal);
        if (tls !== undefined) await connection.startTls(tls, { signal });
      }
      // An abort may come while the last promise on the way settles.
      signal.throwIfAborted();
      connection.tracer.event(`connected to ${target.peer}`);
      return connection;
    } catch (error) {
      connection.destroy(error as Error);
      throw signal.aborted ? signal.reason : error;
    }
  });
}

function checkTarget({ host, port, path, proxy, localAddress, localPort }: ConnectOptions): Target {
  if (path !== undefined) {
    if (host !== undefined || port !== undefined || proxy !== undefined) {
      throw new ArgumentError('"path" goes without "host", "port" and "proxy"');
    }
    if (path === "" || Buffer.byteLength(path) > LONGEST_PATH) {
      throw new ArgumentError(`the path of a Unix socket has 1 to ${LONGEST_PATH} bytes`);
    }
    return { host: "localhost", port: 0, path, peer: path.replaceAll("\0", "@") };
  }
  if (host === undefined || port === undefined) throw new ArgumentError('"host" and "port" are needed');
  assertPort(port);
  assertPort(localPort || port);
  if (localAddress !== undefined && isIP(localAddress) === 0) {
    throw new ArgumentError(`the local address must be an IP address, not "${localAddress}"`);
  }
  const name = normalizeHost(host);
  return { host: name, port, path, peer: hostPort(name, port) };
}

/** Connects the socket, with TLS from the first byte if `tls` is given. */
function dial(
  connection: Connection,
  target: Target,
  options: ConnectOptions,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<void> {
  const socketOptions = {
    ...addressOf(target, options),
    onread: connection.onread,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MILLISECONDS,
  };
  // tls.connect honours `onread` only if it makes the socket itself.
  const socket: Socket =
    tls === undefined
      ? netConnect(socketOptions)
      : tlsConnect({ ...socketOptions, ...tlsConnectOptions(target.host, tls) });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      stop();
      socket.on("error", () => undefined);
      socket.destroy();
      reject(error);
    };
    const onError = (cause: Error): void => fail(connectError(target.peer, cause));
    const onAbort = (): void => fail(signal.reason as Error);
    const onConnect = (): void => {
      stop();
      const ready =
        socket instanceof TLSSocket ? whenSecure(socket, target.host, tls ?? {}, signal) : undefined;
      const local =
        options.proxy === undefined && (target.path !== undefined || isLoopback(socket.remoteAddress));
      const attach = (): void => connection.attach(socket, { onread: true, local });
      if (ready === undefined) attach();
      resolve(ready?.then(attach));
    };
    const stop = (): void => {
      socket.off("error", onError);
      socket.off("connect", onConnect);
      signal.removeEventListener("abort", onAbort);
    };
    socket.once("error", onError);
    socket.once("connect", onConnect);
    signal.addEventListener("abort", onAbort, { once: true });
    // A lookup is called while the socket is being made.
    if (signal.aborted) onAbort();
  });
}

function addressOf(target: Target, options: ConnectOptions): NetConnectOpts {
  if (target.path !== undefined) return { path: target.path };
  const { localAddress, localPort, lookup } = options;
  const family = options.family ?? (localAddress === undefined ? undefined : isIP(localAddress));
  return {
    host: target.host,
    port: target.port,
    ...(family === undefined || family === 0 ? {} : { family }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
    ...(lookup === undefined ? {} : { lookup: refuseEmpty(lookup) }),
    autoSelectFamily: family === undefined,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MILLISECONDS,
  };
}

// An empty list of addresses makes Node throw where nobody can catch it.
function refuseEmpty(lookup: LookupFunction): LookupFunction {
  return (name, options, callback) => {
    lookup(name, options, (error, address, family) => {
      if (error || address.length > 0) callback(error, address, family);
      else callback(Object.assign(new Error(`no address of ${name}`), { code: "ENOTFOUND" }), "");
    });
  };
}

async function dialByFunction(
  connection: Connection,
  target: Target,
  connector: Connector,
  signal: AbortSignal,
): Promise<void> {
  const connecting = (async () => connector({ host: target.host, port: target.port, signal }))();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  try {
    connection.attach(await Promise.race([connecting, aborted]), { local: false });
  } catch (cause) {
    // A stream that comes too late has no owner, and nobody who hears of its errors.
    connecting.then((stream) => stream.on("error", () => undefined).destroy()).catch(() => undefined);
    throw cause instanceof NetcliError ? cause : connectError(target.peer, cause as Error);
  }
}

async function dialThroughProxy(
  connection: Connection,
  target: Target,
  proxy: ProxyAddress,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<void> {
  const peer = `the proxy ${hostPort(proxy.host, proxy.port)}`;
  await dial(connection, { ...target, host: proxy.host, port: proxy.port, peer }, options, undefined, signal);
  const cut = (): void => connection.destroy(signal.reason as Error);
  signal.addEventListener("abort", cut, { once: true });
  try {
    await tunnel(connection, proxy, target.host, target.port);
  } catch (cause) {
    if (cause instanceof ConnectError) throw cause;
    throw new ConnectError(`${peer} failed: ${(cause as Error).message}`, { cause });
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

const MEANINGS = new Map([
  ["ECONNREFUSED", "nothing listens there"],
  ["ENOTFOUND", "there is no such host"],
  ["EAI_AGAIN", "the name can't be looked up at the moment"],
  ["ETIMEDOUT", "the host does not answer"],
  ["EHOSTUNREACH", "there is no way to the host"],
  ["ENETUNREACH", "there is no way to its network"],
  ["ECONNRESET", "the peer reset the connection"],
  ["EADDRNOTAVAIL", "the local address is not of this machine"],
  ["EACCES", "permission denied"],
  ["ENOENT", "there is no such socket"],
]);

/** Says why no connection came about; of several addresses tried, the first one's failure counts. */
function connectError(peer: string, cause: NodeJS.ErrnoException): NetcliError {
  if (cause instanceof NetcliError) return cause;
  const first = cause instanceof AggregateError ? (cause.errors[0] as NodeJS.ErrnoException) : cause;
  const code = first.code;
  const meaning = MEANINGS.get(code ?? "") ?? first.message;
  return new ConnectError(`cannot connect to ${peer}: ${meaning}${code === undefined ? "" : ` (${code})`}`, {
    cause,
    systemCode: code,
  });
}
