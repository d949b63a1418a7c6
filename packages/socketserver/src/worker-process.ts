// One worker process, as the server sees it.
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { ArgumentError } from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import { WorkerError } from "./errors.ts";
import {
  type FromWorker,
  packError,
  type StartMessage,
  type ToWorker,
  unpackError,
} from "./worker-messages.ts";

/** A request on its way to a worker, or with one. */
export interface Task {
  readonly message: ToWorker & { readonly id: number };
  readonly socket: Socket | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface WorkerEvents {
  /** It has room for more. */
  idle(): void;
  /** A request of that client failed. */
  failed(clientAddress: ClientAddress, error: Error): void;
  /** It wants a datagram sent. */
  send(data: string | Uint8Array, to: ClientAddress): Promise<void>;
}

// How long it may take to go when it has nothing left to do.
const FAREWELL = 1_000;

// Resolved as any user of the package would: it is the built program wherever this module was loaded from.
const program = createRequire(import.meta.url).resolve("@netcli/socketserver/worker");

export class WorkerProcess {
  /** Rejects with ArgumentError if it can't run the handler, WorkerError if it dies. */
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
  isReady: boolean = false;
  readonly #child: ChildProcess;
  readonly #events: WorkerEvents;
  readonly #tasks: Map<number, Task> = new Map();
  // Node passes one socket at a time; a second one would wait where it is lost if the process dies.
  #untaken: Task | undefined;

  constructor(start: StartMessage, events: WorkerEvents) {
    this.#events = events;
    this.#child = fork(program, [], { serialization: "advanced" });
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      // It could not even be started.
      this.#child.once("error", () => resolve());
    });
    this.ready = new Promise((resolve, reject) => {
      this.#child.on("message", (message: FromWorker) => {
        if (message.kind === "ready") {
          this.isReady = true;
          resolve();
        } else if (message.kind === "unfit") {
          reject(new ArgumentError(`a worker process can't run the handler: ${message.message}`));
        } else {
          this.#receive(message);
        }
      });
      void this.exited.then(() => reject(this.#death()));
      this.#tell(start, reject);
    });
    void this.exited.then(() => this.#onExit());
  }

  /** Requests that it has. */
  get load(): number {
    return this.#tasks.size;
  }

  canTake(task: Task): boolean {
    return this.isReady && (task.socket === undefined || this.#untaken === undefined);
  }

  give(task: Task): void {
    this.#tasks.set(task.message.id, task);
    if (task.socket !== undefined) this.#untaken = task;
    this.#tell(task.message, task.reject, task.socket);
  }

  /** Takes the request back that never arrived; after its death. */
  takeBack(): Task | undefined {
    const task = this.#untaken;
    this.#untaken = undefined;
    return task;
  }

  retire(): void {
    if (this.isReady) this.#tell({ kind: "retire" }, () => undefined);
  }

  /** Ends the process, whatever it does. */
  async dismiss(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), FAREWELL);
    await this.exited;
    clearTimeout(timer);
  }

  #tell(message: ToWorker, failed: (error: Error) => void, socket?: Socket): void {
    try {
      // We keep our copy of the socket until the worker has its own. A channel that broke is followed by `exit`.
      this.#child.send(message, socket, { keepOpen: true }, () => undefined);
    } catch (cause) {
      // Options may hold what can't be copied.
      failed(
        new ArgumentError(`can't be passed to a worker process: ${(cause as Error).message}`, { cause }),
      );
    }
  }

  #receive(message: Exclude<FromWorker, { kind: "ready" | "unfit" }>): void {
    switch (message.kind) {
      case "taken": {
        this.#untaken?.socket?.destroy();
        this.#untaken = undefined;
        this.#events.idle();
        return;
      }
      case "failed": {
        this.#events.failed(message.clientAddress, unpackError(message.error));
        return;
      }
      case "done": {
        this.#tasks.get(message.id)?.resolve();
        this.#tasks.delete(message.id);
        return;
      }
      case "send":
        void this.#send(message.id, message.data, message.to);
    }
  }

  async #send(id: number, data: string | Uint8Array, to: ClientAddress): Promise<void> {
    const error = await this.#events.send(data, to).then(() => undefined, packError);
    if (this.#child.connected) this.#tell({ kind: "sent", id, error }, () => undefined);
  }

  #onExit(): void {
    this.isReady = false;
    if (this.#untaken !== undefined) this.#tasks.delete(this.#untaken.message.id);
    for (const task of this.#tasks.values()) task.reject(this.#death());
    this.#tasks.clear();
  }

  #death(): WorkerError {
    const { exitCode, signalCode } = this.#child;
    return new WorkerError(`the worker process died (${signalCode ?? `exit code ${exitCode}`})`);
  }
}
