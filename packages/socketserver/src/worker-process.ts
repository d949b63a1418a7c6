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
  /** It has no room for this request, which is not begun. */
  refused(task: Task): void;
  /** A request of that client failed. */
  failed(clientAddress: ClientAddress, error: Error): void;
  /** It wants a datagram sent. */
  send(data: string | Uint8Array, to: ClientAddress): Promise<void>;
}

// Datagrams that it has at a time; as many wait in a socket.
const DATAGRAMS = 1_024;

// How long a worker is left alone that has no file descriptor left, unless one of its requests ends before.
const RESPITE = 100;

// How long it may take to go when it has nothing left to do.
const FAREWELL = 1_000;

// Resolved as any user of the package would: it is the built program wherever this module was loaded from. Not
// before it is needed: in a bundle it is not to be found, and other servers work there.
function program(): string {
  return createRequire(import.meta.url).resolve("@netcli/socketserver/worker");
}

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
  #isFull = false;
  #failure: Error | undefined;

  constructor(start: StartMessage, events: WorkerEvents) {
    this.#events = events;
    this.#child = fork(program(), [], { serialization: "advanced" });
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      // It could not even be started.
      this.#child.on("error", (error) => {
        this.#failure ??= error;
        resolve();
      });
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
      if (this.wasStarted) this.#tell(start, reject);
    });
    // Said by Node in no other way: the worker had no file descriptor left, and the socket is still ours alone.
    this.#child.on("internalMessage", ({ cmd }: { cmd?: string }) => {
      if (cmd === "NODE_HANDLE_NACK") this.#onRefusal();
    });
    void this.exited.then(() => this.#onExit());
  }

  /** False: there never was such a process. */
  get wasStarted(): boolean {
    return this.#child.pid !== undefined;
  }

  /** Requests that it has. */
  get load(): number {
    return this.#tasks.size;
  }

  canTake(task: Task): boolean {
    if (!this.isReady) return false;
    if (task.socket === undefined) return this.#tasks.size < DATAGRAMS;
    return this.#untaken === undefined && !this.#isFull;
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
        this.#onRoom();
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

  #onRefusal(): void {
    const task = this.takeBack();
    if (task === undefined) return;
    this.#tasks.delete(task.message.id);
    this.#isFull = true;
    setTimeout(() => this.#onRoom(), RESPITE).unref();
    this.#events.refused(task);
  }

  #onRoom(): void {
    this.#isFull = false;
    this.#events.idle();
  }

  #onExit(): void {
    this.isReady = false;
    if (this.#untaken !== undefined) this.#tasks.delete(this.#untaken.message.id);
    for (const task of this.#tasks.values()) task.reject(this.#death());
    this.#tasks.clear();
  }

  #death(): WorkerError {
    if (!this.wasStarted) return startError(this.#failure);
    const { exitCode, signalCode } = this.#child;
    return new WorkerError(`the worker process died (${signalCode ?? `exit code ${exitCode}`})`);
  }
}

/** Why there is no such process. */
export function startError(cause: Error | undefined): WorkerError {
  return new WorkerError(`a worker process could not be started: ${cause?.message}`, { cause });
}
