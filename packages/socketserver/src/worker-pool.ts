// The worker processes of a server: each gets the next request when it has the fewest, and is replaced when it dies.
import type { Socket } from "node:net";
import { Queue } from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import { WorkerError } from "./errors.ts";
import type { StartMessage, ToWorker } from "./worker-messages.ts";
import { startError, type Task, type WorkerEvents, WorkerProcess } from "./worker-process.ts";

// A worker that died sooner than this after its start is replaced later and later.
const SHORT_LIFE = 1_000;
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5_000;

type PoolEvents = Omit<WorkerEvents, "idle" | "refused">;

export class WorkerPool {
  readonly #start: StartMessage;
  readonly #events: PoolEvents;
  readonly #workers: Set<WorkerProcess> = new Set();
  readonly #waiting: Queue<Task> = new Queue();
  // Who waits in `room`.
  #whenTaken: (() => void)[] = [];
  #lastId = 0;
  #delay = FIRST_DELAY;
  #closed = false;

  constructor(start: StartMessage, events: PoolEvents) {
    this.#start = start;
    this.#events = events;
  }

  /** Starts the workers. Rejects with ArgumentError if they can't run the handler, or WorkerError. */
  async open(size: number): Promise<void> {
    try {
      await Promise.all(Array.from({ length: size }, () => this.#hire()));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #hire(): Promise<void> {
    const born = performance.now();
    const worker = this.#startWorker();
    this.#workers.add(worker);
    void worker.exited.then(() => this.#replace(worker, performance.now() - born));
    try {
      await worker.ready;
    } catch (error) {
      await worker.dismiss();
      // It may be the file descriptors of those who wait that are missing, and nobody else can serve them.
      if (!worker.wasStarted && this.#workers.size === 0) this.#dropWaiting(error as Error);
      throw error;
    }
    this.#assign();
  }

  #startWorker(): WorkerProcess {
    try {
      return new WorkerProcess(this.#start, {
        ...this.#events,
        idle: () => this.#assign(),
        refused: (task) => {
          this.#waiting.push(task);
          this.#assign();
        },
      });
    } catch (cause) {
      // Some reasons Node throws at once; nobody would be told of an exit.
      this.#hireLater(0);
      throw startError(cause as Error);
    }
  }

  #replace(worker: WorkerProcess, life: number): void {
    this.#workers.delete(worker);
    const task = worker.takeBack();
    if (this.#closed) {
      task?.reject(new WorkerError("the worker processes were ended"));
      return;
    }
    if (task !== undefined) this.#waiting.push(task);
    this.#hireLater(life);
    this.#assign();
  }

  #hireLater(life: number): void {
    this.#delay = life < SHORT_LIFE ? Math.min(this.#delay * 2, LONGEST_DELAY) : FIRST_DELAY;
    setTimeout(
      () => {
        if (this.#closed) return;
        this.#hire().catch((error: unknown) => this.#events.failed(["", 0], error as Error));
      },
      life < SHORT_LIFE ? this.#delay : 0,
    ).unref();
  }

  /** Has a connection served. Resolves when it has ended; rejects with WorkerError if its worker dies. */
  serve(socket: Socket): Promise<void> {
    return this.#give({ kind: "connection", id: (this.#lastId += 1) }, socket);
  }

  /** Has a datagram handled. Resolves when that is done; rejects with WorkerError if its worker dies. */
  handle(data: Uint8Array, from: ClientAddress): Promise<void> {
    return this.#give({ kind: "datagram", id: (this.#lastId += 1), data, from });
  }

  #give(message: ToWorker & { readonly id: number }, socket?: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new WorkerError("the worker processes were ended");
      this.#waiting.push({ message, socket, resolve, reject });
      this.#assign();
    });
  }

  #assign(): void {
    for (let task = this.#waiting.first; task !== undefined; task = this.#waiting.first) {
      let best: WorkerProcess | undefined;
      for (const worker of this.#workers) {
        if (worker.canTake(task) && worker.load < (best?.load ?? Infinity)) best = worker;
      }
      if (best === undefined) return;
      this.#waiting.shift();
      best.give(task);
    }
    if (this.#whenTaken.length > 0) this.#giveRoom();
  }

  #giveRoom(): void {
    const whenTaken = this.#whenTaken;
    this.#whenTaken = [];
    for (const resolve of whenTaken) resolve();
  }

  /** Resolves when none of the requests waits for a worker any more, or at `retire`. */
  async room(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenTaken.push(resolve);
    });
  }

  #dropWaiting(error: Error): void {
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift())
      task.reject(error);
    this.#giveRoom();
  }

  /** Connections take no further request. */
  retire(): void {
    this.#giveRoom();
    for (const worker of this.#workers) worker.retire();
  }

  /** Ends all workers, whatever they do. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#dropWaiting(new WorkerError("the worker processes were ended"));
    await Promise.all([...this.#workers].map((worker) => worker.dismiss()));
  }
}
