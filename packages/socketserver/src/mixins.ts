// Python's ThreadingMixIn and ForkingMixIn, and the servers that Python makes with them.
import { availableParallelism } from "node:os";
import type { Socket } from "node:net";
import { ArgumentError, Connection } from "@netcli/core-transport";
import type { BaseServer, ServerCloseOptions } from "./base-server.ts";
import type { ClientAddress } from "./client-address.ts";
import { type DatagramRequest, PacketServer, UDPServer, UnixDatagramServer } from "./packet-server.ts";
import { StreamServer, TCPServer, UnixStreamServer } from "./stream-server.ts";
import { WorkerPool } from "./worker-pool.ts";

// The compiler takes a class with any parameters, and nothing narrower, for a mix-in.
// oxlint-disable-next-line typescript/no-explicit-any
type Adds<T> = abstract new (...args: any[]) => T;
// oxlint-disable-next-line typescript/no-explicit-any
type ServerClass = Adds<BaseServer<any>>;

/** What ThreadingMixIn adds. */
export interface Threading {
  /** What Python runs in a thread of its own: handles a request, ends it, and reports what went wrong. */
  processRequestThread(request: unknown, clientAddress: ClientAddress): Promise<void>;
}

/**
 * Requests are handled at the same time: each handler runs on the event loop while others wait. What Python's
 * threads give for input and output; for computing there is ForkingMixIn.
 */
export function ThreadingMixIn<Base extends ServerClass>(base: Base): Base & Adds<Threading> {
  abstract class ThreadingServer extends base implements Threading {
    override async processRequest(request: unknown, clientAddress: ClientAddress): Promise<void> {
      // An override of it may let something through.
      this.processRequestThread(request, clientAddress).catch((error: unknown) =>
        this.requestFailed(request, clientAddress, error),
      );
    }

    async processRequestThread(request: unknown, clientAddress: ClientAddress): Promise<void> {
      try {
        await super.processRequest(request, clientAddress);
      } catch (error) {
        await this.requestFailed(request, clientAddress, error);
      }
    }
  }
  return ThreadingServer;
}

/** What ForkingMixIn adds. */
export interface Forking {
  /** Worker processes; set it before `listen`. Default: as many as there are processors (Python: at most 40). */
  maxChildren: number;
}

/**
 * Requests are handled in worker processes, which get the socket itself: started once, not for each request, and
 * replaced when they die. The handler class needs `static readonly module = import.meta.url`, must be exported
 * there under its own name, and that module must not start a server.
 */
export function ForkingMixIn<Base extends ServerClass>(base: Base): Base & Adds<Forking> {
  abstract class ForkingServer extends base implements Forking {
    readonly handsOver: boolean = true;
    maxChildren: number = availableParallelism();
    #pool: WorkerPool | undefined;

    override async serverActivate(): Promise<void> {
      const { module, name } = this.RequestHandlerClass;
      if (module === undefined) {
        throw new ArgumentError(
          `${name} needs "static readonly module = import.meta.url" for worker processes`,
        );
      }
      if (!(Number.isInteger(this.maxChildren) && this.maxChildren > 0)) {
        throw new ArgumentError(`maxChildren must be a whole number above 0, not ${this.maxChildren}`);
      }
      await super.serverActivate();
      const service = this instanceof StreamServer ? this.serviceOptions : undefined;
      const { serverAddress } = this;
      this.#pool = new WorkerPool(
        { kind: "start", module, name, serverAddress, service },
        {
          failed: (clientAddress, error) => void this.requestFailed(undefined, clientAddress, error),
          send: async (data, to) => {
            if (this instanceof PacketServer) await this.socket?.send(data, to);
          },
        },
      );
      try {
        await this.#pool.open(this.maxChildren);
      } catch (error) {
        await super.serverClose({ deadline: 0 });
        throw error;
      }
    }

    override async processRequest(
      request: Connection | DatagramRequest,
      clientAddress: ClientAddress,
    ): Promise<void> {
      void this.#process(request, clientAddress);
      // Datagrams that come faster than they are handled wait in the socket, or are dropped and counted there.
      if (!(request instanceof Connection)) await this.#pool?.room();
    }

    async #process(request: Connection | DatagramRequest, clientAddress: ClientAddress): Promise<void> {
      try {
        if (request instanceof Connection) await this.#pool?.serve(request.socket as Socket);
        else await this.#pool?.handle(request[0], clientAddress);
        await this.closeRequest(request);
      } catch (error) {
        await this.requestFailed(request, clientAddress, error);
      }
    }

    override async shutdown(): Promise<void> {
      this.#pool?.retire();
      await super.shutdown();
    }

    override async serverClose(options: ServerCloseOptions = {}): Promise<void> {
      this.#pool?.retire();
      await super.serverClose(options);
      await this.#pool?.close();
    }
  }
  return ForkingServer;
}

const ThreadingTCP: typeof TCPServer & Adds<Threading> = ThreadingMixIn(TCPServer);
const ThreadingUDP: typeof UDPServer & Adds<Threading> = ThreadingMixIn(UDPServer);
const ThreadingUnixStream: typeof UnixStreamServer & Adds<Threading> = ThreadingMixIn(UnixStreamServer);
const ThreadingUnixDatagram: typeof UnixDatagramServer & Adds<Threading> = ThreadingMixIn(UnixDatagramServer);

/** ThreadingTCPServer serves TCP connections at the same time. */
export class ThreadingTCPServer extends ThreadingTCP {}

/** ThreadingUDPServer serves UDP datagrams at the same time. */
export class ThreadingUDPServer extends ThreadingUDP {}

/** ThreadingUnixStreamServer serves connections to a Unix socket at the same time. */
export class ThreadingUnixStreamServer extends ThreadingUnixStream {}

/** ThreadingUnixDatagramServer serves datagrams to a Unix socket at the same time. */
export class ThreadingUnixDatagramServer extends ThreadingUnixDatagram {}

const ForkingTCP: typeof TCPServer & Adds<Forking> = ForkingMixIn(TCPServer);
const ForkingUDP: typeof UDPServer & Adds<Forking> = ForkingMixIn(UDPServer);
const ForkingUnixStream: typeof UnixStreamServer & Adds<Forking> = ForkingMixIn(UnixStreamServer);
const ForkingUnixDatagram: typeof UnixDatagramServer & Adds<Forking> = ForkingMixIn(UnixDatagramServer);

/** ForkingTCPServer serves TCP connections in worker processes. */
export class ForkingTCPServer extends ForkingTCP {}

/** ForkingUDPServer serves UDP datagrams in worker processes. */
export class ForkingUDPServer extends ForkingUDP {}

/** ForkingUnixStreamServer serves connections to a Unix socket in worker processes. */
export class ForkingUnixStreamServer extends ForkingUnixStream {}

/** ForkingUnixDatagramServer serves datagrams to a Unix socket in worker processes. */
export class ForkingUnixDatagramServer extends ForkingUnixDatagram {}
