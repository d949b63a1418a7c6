// The address that a stream server is put on, TCP or a Unix socket, and what can be wrong with it.
import { lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type ListenOptions as NetListenOptions, type Socket } from "node:net";
import { ArgumentError, normalizeHost, NotSupportedError } from "@netcli/core-transport";
import { ListenError } from "./errors.ts";

export interface ListenOptions {
  /** The name or IP address of this machine to listen on. Default `127.0.0.1`; `0.0.0.0` and `::` mean all. */
  host?: string | undefined;
  /** Default 0: a free one, to be read from `address`. */
  port?: number | undefined;
  /** The path of a Unix socket instead of `host` and `port`; with a NUL in front an abstract one (Linux). */
  path?: string | undefined;
  /** Connections that the kernel keeps until they are accepted. Default 511. */
  backlog?: number | undefined;
  /** Lets several processes listen on the same port; the kernel spreads the connections. Node.js 22.12 or newer. */
  reusePort?: boolean | undefined;
}

/** Where a server listens. */
export interface ServerAddress {
  /** An IP address, or the path of a Unix socket. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

/** What a listener does with what comes. */
export interface ListenerEvents {
  accepted: (socket: Socket) => void;
  /** A connection could not be accepted; the listener goes on. */
  failed: (error: Error) => void;
}

/** A server socket that accepts connections until it is closed. */
export interface Listener {
  readonly address: ServerAddress;
  /** Accepts no more; the address is free at once. */
  close(): void;
}

const BACKLOG = 511;

// sockaddr_un.sun_path of Linux; Node before 24 cuts longer names silently.
const LONGEST_PATH = 107;

/**
 * Puts a server on its address. `paused`: accepted sockets are not read from until they are resumed.
 * Rejects with ListenError, ArgumentError or NotSupportedError.
 */
export async function listen(
  options: ListenOptions,
  { accepted, failed }: ListenerEvents,
  paused: boolean,
): Promise<Listener> {
  const target = checkTarget(options);
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: paused }, accepted);
  const attempt = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ backlog: BACKLOG, ...target }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  try {
    await attempt();
  } catch (error) {
    if (!(await removeStale(error as NodeJS.ErrnoException, target.path))) throw listenError(target, error);
    await attempt().catch((again: unknown) => {
      throw listenError(target, again);
    });
  }
  server.on("error", failed);
  const address = server.address();
  return {
    address:
      address === null || typeof address === "string"
        ? { address: address ?? "", port: 0 }
        : { address: address.address, port: address.port },
    close: () => void server.close(),
  };
}

function checkTarget({ host, port, path, backlog, reusePort }: ListenOptions): NetListenOptions {
  if (backlog !== undefined && !(Number.isInteger(backlog) && backlog > 0)) {
    throw new ArgumentError(`backlog must be a whole number above 0, not ${backlog}`);
  }
  const common = backlog === undefined ? {} : { backlog };
  if (path !== undefined) {
    if (host !== undefined || port !== undefined || reusePort === true) {
      throw new ArgumentError('"path" goes without "host", "port" and "reusePort"');
    }
    assertPath(path);
    return { path, ...common };
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new ArgumentError(`a port must be 0 to 65535, not ${port}`);
  }
  if (reusePort === true) assertReusePort();
  return {
    host: normalizeHost(host ?? "127.0.0.1"),
    port: port ?? 0,
    ...common,
    ...(reusePort === true ? { reusePort } : {}),
  };
}

/** Throws ArgumentError unless a Unix socket can have that path. */
export function assertPath(path: string): void {
  // One NUL in front makes a name abstract; behind another one Node cuts it off silently.
  const name = path.replace(/^\0/, "");
  if (name !== "" && !name.includes("\0") && Buffer.byteLength(path) <= LONGEST_PATH) return;
  throw new ArgumentError(
    `the path of a Unix socket has 1 to ${LONGEST_PATH} bytes, and a NUL at most in front`,
  );
}

/** Throws NotSupportedError where Node ignores the option, and the second process would get EADDRINUSE. */
export function assertReusePort(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)) return;
  throw new NotSupportedError(`"reusePort" needs Node.js 22.12 or newer, not ${process.versions.node}`);
}

/** Takes away the file of a Unix socket on which nobody listens any more. False: there was none. */
export async function removeStale(
  { code }: NodeJS.ErrnoException,
  path: string | undefined,
): Promise<boolean> {
  if (code !== "EADDRINUSE" || path === undefined || path.startsWith("\0")) return false;
  const answer = await new Promise<string | undefined>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (answer === "ENOENT") return true;
  try {
    if (answer !== "ECONNREFUSED" || !lstatSync(path).isSocket()) return false;
    unlinkSync(path);
    return true;
  } catch (error) {
    // Gone meanwhile; or of someone else, and ours is then the error that there was before.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

const MEANINGS = new Map([
  ["EADDRINUSE", "someone listens there already"],
  ["EADDRNOTAVAIL", "the address is not of this machine"],
  ["EACCES", "permission denied; a port below 1024 may need root, or CAP_NET_BIND_SERVICE"],
  ["ENOTFOUND", "there is no such host"],
  ["ENOENT", "there is no such directory"],
  ["ENOTDIR", "there is no such directory"],
]);

/** What `listen` and its like reject with. */
export function listenError({ host, port, path }: NetListenOptions, cause: unknown): ListenError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const where = path === undefined ? `${host}:${port}` : path.replaceAll("\0", "@");
  // libuv says so, too, where there is no such directory.
  const isPathRefused = code === "EACCES" && path !== undefined;
  const meaning = isPathRefused
    ? "permission denied, or there is no such directory"
    : (MEANINGS.get(code ?? "") ?? message);
  return new ListenError(`cannot listen on ${where}: ${meaning}${code === undefined ? "" : ` (${code})`}`, {
    cause,
    systemCode: code,
  });
}
