// The promises over the framer: what was received is handed out in the order in which it was asked for, and
// the source is paused while bytes are there that nobody asks for.
import { Body } from "./body.ts";
import { Deadline } from "./deadline.ts";
import { type Demand, LineDemand, type LineSource, type Outcome, takeLine, takeLines } from "./demand.ts";
import { DotDecoder } from "./dot.ts";
import { ArgumentError, ConnectionClosedError, LimitError, NetcliError, TimeoutError } from "./errors.ts";
import { Framer } from "./framer.ts";
import type { Limits, Timeouts } from "./limits.ts";
import { Queue } from "./queue.ts";
import type { ByteSink, ByteSource, Reason } from "./source.ts";

// What is left of a body that nobody wants is received and dropped up to this size; beyond it the connection
// is given up, because a new one costs less.
const DRAIN_BYTES = 65_536;

/** Cuts the next piece of a body off; undefined while nothing is there. */
type Cut = () => { readonly data: Buffer; readonly done: boolean } | undefined;

/** Whose reader it is. */
export interface ReaderOwner {
  readonly limits: Readonly<Limits>;
  /** `stall`: without a byte while one is wanted, or from the first byte of a line to its last. */
  readonly timeouts: Readonly<Pick<Timeouts, "stall">>;
  /** Ends the connection. */
  destroy(error: Error): void;
}

export interface ReadOptions {
  /** Gives the wait up with the signal's reason; the connection and what it received stay as they are. */
  signal?: AbortSignal | undefined;
}

export interface BodyOptions {
  /** Called once when the body's last byte was cut off, or with the error that broke it. */
  onEnd?: ((error?: Error) => void) | undefined;
  /** How many bytes may wait in memory until the caller begins to read. */
  unreadBytes?: (() => number) | undefined;
}

export class Reader implements ByteSink, LineSource {
  readonly framer: Framer;
  readonly #owner: ReaderOwner;
  // Mostly there is one, and thousands of connections have none but that.
  #demand: Demand | undefined;
  #others: Queue<Demand> | undefined;
  /** For the wait of whoever reads; free once there is nothing more to read. */
  readonly deadline: Deadline = new Deadline();
  #source: ByteSource | undefined;
  #paused = false;
  #serving = false;
  #lineBegun = false;
  // Bytes that came in all, and how many of them are still served after `retire`.
  #received = 0;
  #owed = Infinity;
  #ended = false;
  #error: Reason | undefined;

  constructor(owner: ReaderOwner) {
    this.#owner = owner;
    this.framer = new Framer(owner.limits.lineBytes);
  }

  /** Where the bytes come from; set anew when TLS or compression takes over. */
  get source(): ByteSource {
    if (this.#source === undefined) throw new Error("the reader has no source yet");
    return this.#source;
  }

  set source(source: ByteSource) {
    this.#source = source;
    this.#paused = source.paused;
  }

  /** True: no more will come, but what the framer holds can still be taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What broke the connection; undefined while it works and after a clean end. */
  get error(): Error | undefined {
    if (typeof this.#error === "function") this.#error = this.#error();
    return this.#error;
  }

  /** Why no more will come, as an error for whoever wanted more. */
  endError(where: string): NetcliError {
    const { error } = this;
    if (error instanceof NetcliError) return error;
    return error === undefined
      ? new ConnectionClosedError(`the peer closed the connection ${where}`)
      : new ConnectionClosedError(`the connection broke ${where}: ${error.message}`, { cause: error });
  }

  space(): Buffer {
    return this.framer.space();
  }

  received(chunk: Buffer): boolean {
    this.#received += chunk.length;
    this.framer.append(chunk);
    const outcome = this.#serve();
    this.#paused = outcome !== "waiting" && this.framer.length > 0;
    return !this.#paused;
  }

  end(error?: Reason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (!this.#serving) this.#serve();
    this.deadline.close();
  }

  /** Ends the stream for whoever asks for a line that had not begun to come by now. */
  retire(): void {
    this.#owed = Math.min(this.#owed, this.#received);
    if (!this.#serving) this.#serve();
  }

  /** Queues a demand; demands are served one after the other. */
  demand(demand: Demand): void {
    if (this.#demand === undefined) this.#demand = demand;
    else (this.#others ??= new Queue()).push(demand);
    this.wake();
  }

  /** Tries the first demand again, whose consumer has room now. */
  wake(): void {
    if (this.#serving) return;
    if (this.#serve() === "waiting" && this.#paused) {
      this.#paused = false;
      this.#source?.resume();
    }
  }

  #serve(): Outcome {
    this.#serving = true;
    let outcome: Outcome = "settled";
    let first = this.#demand;
    while (first !== undefined) {
      outcome = first.attempt();
      if (outcome === "settled") {
        this.#demand = this.#others?.shift();
        this.#lineBegun = false;
      }
      // What an attempt runs may itself end the connection; it is then tried once more, for what is there.
      else if (outcome === "full" || !this.#ended) break;
      first = this.#demand;
    }
    this.#serving = false;
    if (outcome === "waiting" && first !== undefined && first.stalls !== "never" && !this.#ended) {
      if (this.#lineBegun && this.deadline.armed) return outcome;
      this.#lineBegun = first.stalls === "line" && this.framer.length > 0;
      this.deadline.arm(this.#owner.timeouts.stall, stalled, this);
    } else {
      this.deadline.disarm();
    }
    return outcome;
  }

  /** Queues a demand that is given up with the signal's reason, unless it was served before. */
  #demandUntil(
    demand: Demand,
    signal: AbortSignal | undefined,
    reject: (error: Error) => void,
    putBack?: () => void,
  ): void {
    if (signal === undefined) {
      this.demand(demand);
      return;
    }
    signal.throwIfAborted();
    const attempt = (): Outcome => {
      const outcome = demand.attempt();
      if (outcome === "settled") signal.removeEventListener("abort", onAbort);
      return outcome;
    };
    const abortable: Demand = { attempt, stalls: demand.stalls };
    const onAbort = (): void => {
      if (!this.#withdraw(abortable)) return;
      putBack?.();
      reject(signal.reason as Error);
      this.wake();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.demand(abortable);
  }

  /**
   * Reads one line without its end; undefined when the peer ended its side behind a complete line.
   * Rejects with LimitError beyond `lineBytes`, ConnectionClosedError in the middle of a line.
   */
  readLine(options?: ReadOptions): Promise<string | undefined> {
    // Most lines are there already: they cost no wait and no closure.
    if (options !== undefined || this.#demand !== undefined || this.isServed) {
      return this.#waitForLine(options);
    }
    try {
      const line = this.framer.takeLine();
      return line === undefined ? this.#waitForLine(options) : Promise.resolve(line);
    } catch (error) {
      this.#owner.destroy(error as Error);
      return Promise.reject(error);
    }
  }

  /** Reads all the lines that are there, at least one; else as `readLine`. */
  readLines(): Promise<readonly string[] | undefined> {
    return new Promise((resolve, reject) => this.demand(new LineDemand(this, takeLines, resolve, reject)));
  }

  #waitForLine(options: ReadOptions | undefined): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#demandUntil(new LineDemand(this, takeLine, resolve, reject), options?.signal, reject);
    });
  }

  /** Whether all lines are served that had begun to come when the connection was retired. */
  get isServed(): boolean {
    return this.#received - this.framer.length >= this.#owed;
  }

  /** What `readLine` gives at the end. Throws ConnectionClosedError if there is a part of one. */
  lineAtEnd(): undefined {
    if (this.framer.length > 0 || this.#error !== undefined) throw this.endError("in the middle of a line");
  }

  /** Gives the connection up because of what came. */
  refuse(error: Error): void {
    this.#owner.destroy(error);
  }

  /** Nothing came, or not enough, for too long. */
  stalled(): void {
    const { stall } = this.#owner.timeouts;
    const what = this.#lineBegun ? "did not end its line within" : "sent nothing for";
    this.#owner.destroy(new TimeoutError(`the peer ${what} ${stall} ms`, "stall", stall));
  }

  #withdraw(demand: Demand): boolean {
    if (this.#demand !== demand) return this.#others?.remove(demand) === true;
    this.#demand = this.#others?.shift();
    return true;
  }

  /** Reads exactly `count` bytes. Rejects with ConnectionClosedError if there are fewer. */
  readExactly(count: number, options?: ReadOptions): Promise<Uint8Array> {
    if (!Number.isSafeInteger(count) || count < 0) {
      return Promise.reject(new ArgumentError("count must be a whole number"));
    }
    const bytes = Buffer.allocUnsafe(count);
    let filled = 0;
    return new Promise((resolve, reject) => {
      const attempt = (): Outcome => {
        filled += this.framer.takeBytes(count - filled).copy(bytes, filled);
        if (filled === count) resolve(bytes);
        else if (this.#ended) reject(this.endError(`after ${filled} of ${count} bytes`));
        else return "waiting";
        return "settled";
      };
      // As long as bytes are missing, the framer is empty.
      const putBack = (): void => {
        if (filled > 0) this.framer.append(bytes.subarray(0, filled));
      };
      this.#demandUntil({ attempt, stalls: "byte" }, options?.signal, reject, putBack);
    });
  }

  /** Reads a dot-terminated block (RFC 5321 4.5.2, RFC 1939 3, RFC 3977 3.1.1), dots unstuffed. */
  readBlock(options: BodyOptions = {}): Body {
    const decoder = new DotDecoder();
    const { blockBytes } = this.#owner.limits;
    let received = 0;
    return this.#body(options, () => {
      if (this.framer.length === 0) return undefined;
      const decoded = this.framer.takeBlock(decoder);
      received += decoded.data.length;
      if (received > blockBytes) {
        throw new LimitError(`the peer sent a block of more than ${blockBytes} bytes`, "blockBytes");
      }
      return decoded;
    });
  }

  /** Reads up to the end of the peer's side. */
  readToEnd(options: BodyOptions = {}): Body {
    return this.#body(options, () => {
      const data = this.framer.takeBytes(this.framer.length);
      const done = data.length === 0 && this.#ended && this.#error === undefined;
      return data.length > 0 || done ? { data, done } : undefined;
    });
  }

  #body(options: BodyOptions, cut: Cut): Body {
    let dropped = -1;
    const body = new Body({
      more: () => this.wake(),
      abandon: () => {
        dropped = 0;
        this.wake();
      },
      unreadBytes: options.unreadBytes ?? (() => DRAIN_BYTES),
    });
    const settle = (error?: Error): Outcome => {
      body.end(error);
      options.onEnd?.(error);
      return "settled";
    };
    const breakOff = (error: Error): Outcome => {
      settle(error);
      this.#owner.destroy(error);
      return "settled";
    };
    const attempt = (): Outcome => {
      while (body.wants) {
        let piece: ReturnType<Cut>;
        try {
          piece = cut();
        } catch (error) {
          return breakOff(error as Error);
        }
        if (piece === undefined) {
          return this.#ended ? settle(this.endError("in the middle of the content")) : "waiting";
        }
        if (piece.data.length > 0) body.push(piece.data);
        if (piece.done) return settle();
        if (dropped >= 0 && (dropped += piece.data.length) > DRAIN_BYTES) {
          return breakOff(new ConnectionClosedError("the connection was closed: content was left unread"));
        }
      }
      return "full";
    };
    this.demand({ attempt, stalls: "byte" });
    return body;
  }
}

function stalled(reader: Reader): void {
  reader.stalled();
}
