// What a server and its worker processes say to each other.
import { ArgumentError, NetcliError } from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import type { ServiceOptions } from "./service.ts";

/** What a worker is told first. */
export interface StartMessage {
  readonly kind: "start";
  /** The module of the handler class, as a URL, and the name under which it exports the class. */
  readonly module: string;
  readonly name: string;
  readonly serverAddress: readonly [string, number] | string;
  /** Undefined for datagrams. */
  readonly service: ServiceOptions | undefined;
}

export type ToWorker =
  | StartMessage
  /** With a socket. */
  | { readonly kind: "connection"; readonly id: number }
  | {
      readonly kind: "datagram";
      readonly id: number;
      readonly data: Uint8Array;
      readonly from: ClientAddress;
    }
  /** The datagram that the worker asked for was sent, or was not. */
  | { readonly kind: "sent"; readonly id: number; readonly error: PortableError | undefined }
  /** Connections take no further request. */
  | { readonly kind: "retire" };

/** An error on its way between processes, where classes are lost. */
export interface PortableError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Only of a NetcliError. */
  readonly code: string | undefined;
}

export function packError(error: unknown): PortableError {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), stack: undefined, code: undefined };
  }
  const { name, message, stack } = error;
  return { name, message, stack, code: error instanceof NetcliError ? error.code : undefined };
}

export function unpackError({ name, message, stack, code }: PortableError): Error {
  const error = code === undefined ? new Error(message) : new NetcliError(message, code);
  return Object.assign(error, { name }, stack === undefined ? {} : { stack });
}

export type FromWorker =
  | { readonly kind: "ready" }
  /** It can't start. */
  | { readonly kind: "unfit"; readonly message: string }
  /** The socket has arrived: it is the worker's now. */
  | { readonly kind: "taken"; readonly id: number }
  /** Something went wrong with a request of that client. */
  | { readonly kind: "failed"; readonly clientAddress: ClientAddress; readonly error: PortableError }
  /** The request has ended. */
  | { readonly kind: "done"; readonly id: number }
  | {
      readonly kind: "send";
      readonly id: number;
      readonly data: string | Uint8Array;
      readonly to: ClientAddress;
    };

export const STARTS_SERVER =
  "a worker process imported a module that starts a server; put the handler into a module of its own";

let isWorker = false;

/** Whether this process is such a worker. */
export function inWorker(): boolean {
  return isWorker;
}

/** Called by the worker before anything else. */
export function becomeWorker(): void {
  isWorker = true;
}

let startedServer = false;

/** Whether a server was to listen in this worker. Who did not wait for it does not fail by it. */
export function hasStartedServer(): boolean {
  return startedServer;
}

/** What such a server gets: or each worker process would start workers of its own, without end. */
export function refuseToListen(): Promise<never> {
  startedServer = true;
  return Promise.reject(new ArgumentError(STARTS_SERVER));
}
