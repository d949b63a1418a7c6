// What the tests of worker processes have in common: the handlers' names for the server's side, and what is left.
import type { Connection } from "@netcli/core-transport";
import {
  type ClientAddress,
  DatagramRequestHandler,
  ForkingMixIn,
  type RequestHandlerClass,
  StreamRequestHandler,
} from "../src/index.ts";
import { connectTo, NotingTCPServer, NotingUDPServer } from "./python-face.ts";

// The runner's own arguments lead to the sources, which only the runner can load: workers get the built package.
process.execArgv = [];

const module = new URL("fixtures/forking-handlers.mjs", import.meta.url).href;

/** The server only needs to know a class's name and module. */
export class Pid extends StreamRequestHandler {
  static readonly module = module;
}
export class Knowing extends StreamRequestHandler {
  static readonly module = module;
}
export class Late extends StreamRequestHandler {
  static readonly module = module;
}
export class Failing extends StreamRequestHandler {
  static readonly module = module;
}
export class Upgrading extends StreamRequestHandler {
  static readonly module = module;
}
export class PidDatagram extends DatagramRequestHandler {
  static readonly module = module;
}

/** Keeps what `handleError` is told, and the addresses with it. */
export class NotingForkingServer extends ForkingMixIn(NotingTCPServer) {
  override maxChildren = 2;
  readonly from: ClientAddress[] = [];

  override handleError(request: Connection | undefined, from: ClientAddress, error: unknown): void {
    this.from.push(from);
    super.handleError(request, from, error);
  }
}

export class NotingForkingUDPServer extends ForkingMixIn(NotingUDPServer) {
  override maxChildren = 2;
}

/** Waits until `handleError` was told so many errors: those of workers come by a way of their own. */
export async function told(server: { readonly errors: unknown[] }, count: number): Promise<unknown[]> {
  while (server.errors.length < count) await new Promise(setImmediate);
  return server.errors;
}

/** A connection, and the process that serves it. */
export async function visit(
  server: Pick<NotingTCPServer, "serverAddress">,
): Promise<{ client: Connection; pid: number }> {
  const client = await connectTo(server);
  return { client, pid: Number(await client.readLine()) };
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A class of which workers know nothing but where it should be. */
export function handlerOf(name: string, url: string): RequestHandlerClass<Connection> {
  const Handler = class extends StreamRequestHandler {
    static readonly module = url;
  };
  Object.defineProperty(Handler, "name", { value: name });
  return Handler;
}
