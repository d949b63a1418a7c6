// All faces of the package as servers that talk the same, so that one test of a fault serves for all.
import { appendFileSync } from "node:fs";
import type { Connection } from "@netcli/core-transport";
import { expect } from "vitest";
import { askOnce, type ClientOptions, whileTalking } from "./fault-clients.ts";
import {
  type BaseServer,
  type DatagramRequestHandler,
  Factory,
  ForkingTCPServer,
  LineReceiver,
  listenTCP,
  type RequestHandlerClass,
  serve,
  type ServeOptions,
  type ServerStats,
  type StreamRequestHandler,
  type StreamServer,
  type StreamServerOptions,
  TCPServer,
  ThreadingTCPServer,
} from "../src/index.ts";

// The runner's own arguments lead to the sources, which only the runner can load: workers get the built package.
process.execArgv = [];

type Handler = typeof StreamRequestHandler;

interface Handlers {
  readonly Talk: Handler;
  readonly ThrowsWhenMade: Handler;
  readonly ThrowsInSetup: Handler;
  readonly ThrowsAtOnce: Handler;
  readonly ThrowsInTheEnd: Handler;
  readonly Reply: typeof DatagramRequestHandler;
  readonly talk: (connection: Connection) => Promise<void>;
  readonly reply: (text: string) => Promise<string | Uint8Array>;
  readonly hold: () => void;
  readonly release: () => void;
  readonly pattern: (size: number) => Buffer;
  readonly memory: () => number;
}

/** What is in fixtures/fault-handlers.mjs, for workers, too. */
export const handlers = (await import(
  new URL("fixtures/fault-handlers.mjs", import.meta.url).href
)) as Handlers;

const { Talk, talk } = handlers;

export const { memory, pattern } = handlers;

/** A server that talks, whatever its face. */
export interface Running extends AsyncDisposable {
  readonly port: number;
  /** What went wrong so far. */
  readonly errors: unknown[];
  stats(): ServerStats | undefined;
  /** Shuts it down; disposing of it gives clients half a second. */
  end(deadline: number): Promise<void>;
}

type Options = Pick<ServeOptions, keyof StreamServerOptions>;

export interface Face {
  readonly name: string;
  /** Whether it serves several connections at a time. */
  readonly isConcurrent: boolean;
  /** `failed` is what the server calls as its `onError` or `handleError`, once the error is noted. */
  start(options?: Options, failed?: () => void): Promise<Running>;
}

const DEADLINE = 500;

const nothing = (): void => undefined;

function noteIn(errors: unknown[], then: () => void): (error: unknown) => void {
  return (error) => {
    errors.push(error);
    then();
  };
}

function endedBy(end: Running["end"]): Pick<Running, "end"> & AsyncDisposable {
  return { end, [Symbol.asyncDispose]: () => end(DEADLINE) };
}

/** The classes of Python with a `handleError` that keeps what it is told. */
type PythonClass = new (
  address: readonly [string, number],
  Handler: RequestHandlerClass<Connection>,
  options?: StreamServerOptions,
) => StreamServer & BaseServer<Connection>;

/** Starts one of Python's servers. */
export async function startPython(
  Server: PythonClass,
  Handler: RequestHandlerClass<Connection>,
  options: StreamServerOptions = {},
  failed: () => void = nothing,
): Promise<Running & { readonly server: StreamServer }> {
  const server = new Server(["127.0.0.1", 0], Handler, options);
  const errors: unknown[] = [];
  const note = noteIn(errors, failed);
  server.handleError = (_request, _from, error) => note(error);
  if (Server === ForkingTCPServer) (server as ForkingTCPServer).maxChildren = 1;
  await server.listen();
  const serving = server.serveForever();
  return {
    server,
    port: (server.serverAddress as readonly [string, number])[1],
    errors,
    stats: () => server.stats,
    ...endedBy(async (deadline) => {
      const shutdown = server.shutdown();
      await server.serverClose({ deadline });
      await shutdown;
      await serving;
    }),
  };
}

/** The same conversation in Twisted's way. */
class TalkReceiver extends LineReceiver {
  override lineReceived(line: string): void {
    const [verb, argument] = line.split(" ");
    if (verb === "big") this.transport.write(pattern(Number(argument)));
    else if (verb === "count") this.#count(line, argument ?? "");
    else if (line === "never") this.pauseProducing();
    else if (line === "destroy") this.transport.abortConnection();
    else if (line === "fail") throw new Error("as planned");
    else this.sendLine(`re: ${line}`);
  }

  #count(line: string, path: string): void {
    appendFileSync(path, ".");
    this.sendLine(`re: ${line}`);
  }
}

function pythonFace(Server: PythonClass): Face {
  return {
    name: Server.name,
    isConcurrent: Server !== TCPServer,
    start: (options, failed) => startPython(Server, Talk, options, failed),
  };
}

export const serveFace: Face = {
  name: "serve",
  isConcurrent: true,
  start: async (options, failed = nothing) => {
    const errors: unknown[] = [];
    const server = await serve(talk, { ...options, onError: noteIn(errors, failed) });
    return {
      port: server.address.port,
      errors,
      stats: () => server.stats,
      ...endedBy((deadline) => server.shutdown({ deadline })),
    };
  },
};

export const twistedFace: Face = {
  name: "listenTCP",
  isConcurrent: true,
  start: async (options, failed = nothing) => {
    const errors: unknown[] = [];
    const listening = await listenTCP(0, Factory.forProtocol(TalkReceiver), {
      ...options,
      onError: noteIn(errors, failed),
    });
    return {
      port: listening.getHost().port,
      errors,
      stats: () => listening.server.stats,
      ...endedBy((deadline) => listening.stopListening({ deadline })),
    };
  },
};

/** Python's classes; the forking one with one worker process. */
export const pythonServers: readonly PythonClass[] = [TCPServer, ThreadingTCPServer, ForkingTCPServer];

/** Those that handlers of connections are written for. */
export const handlerFaces: readonly Face[] = [serveFace, ...pythonServers.map(pythonFace)];

export const faces: readonly Face[] = [...handlerFaces, twistedFace];

/** Waits until nothing is served or waits there. */
export async function idle({ stats }: Pick<Running, "stats">): Promise<void> {
  while ((stats()?.active ?? 0) > 0) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Runs `fault` while another client is served, where several are, and sees to it that a further one is afterwards.
 * Resolves when nobody is served any more.
 */
export async function besides(
  face: Face,
  server: Running,
  fault: () => Promise<void>,
  options?: ClientOptions,
): Promise<void> {
  if (face.isConcurrent) await whileTalking(server.port, fault, options);
  else await fault();
  expect(await askOnce(server.port, "hello", options)).toBe("re: hello");
  await idle(server);
}
