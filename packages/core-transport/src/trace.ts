// What passes over a connection, for people and tools to watch: the `trace` option and the channels
// `netcli.connection` and `netcli.line` of node:diagnostics_channel. Secrets never get here: the command
// that holds one brings its redacted form along.
import { channel } from "node:diagnostics_channel";

/** One thing that happened on a connection. */
export interface TraceEvent {
  /** Counts the connections of this process, from 1. */
  readonly connection: number;
  /** The peer as `host:port`, or the path of a Unix socket. */
  readonly peer: string;
  /** `sent` and `received`: one line without its end. `event`: something about the connection itself. */
  readonly kind: "sent" | "received" | "event";
  /** The line with secrets replaced by `****`, or a sentence. May hold any character that the peer sent. */
  readonly text: string;
}

/** Called for every line sent and received, and for every event of a connection. */
export type Trace = (event: TraceEvent) => void;

const lines = channel("netcli.line");
const connections = channel("netcli.connection");
let count = 0;

/** The number of a new connection. */
export function nextNumber(): number {
  count += 1;
  return count;
}

/** Whose tracer it is. */
export interface TracerOwner {
  /** The peer as `host:port`, or the path of a Unix socket. */
  readonly peer: string;
}

/** True if someone listens to any connection: who has no trace of its own needs no tracer else. */
export function isWatched(): boolean {
  return lines.hasSubscribers || connections.hasSubscribers;
}

/** Tracer publishes what happens on one connection; free while nobody listens. */
export class Tracer {
  readonly #connection: number;
  readonly #owner: TracerOwner;
  readonly #linesArePublic: boolean;
  trace: Trace | undefined;

  /** `linesArePublic`: they may go to the channel, not only to `trace`. */
  constructor(
    owner: TracerOwner,
    trace: Trace | undefined,
    linesArePublic: boolean = true,
    connection: number = nextNumber(),
  ) {
    this.#owner = owner;
    this.#connection = connection;
    this.#linesArePublic = linesArePublic;
    this.trace = trace;
  }

  /** False: the caller may skip the work of preparing a text. */
  get active(): boolean {
    return this.trace !== undefined || (this.#linesArePublic && lines.hasSubscribers);
  }

  line(kind: "sent" | "received", text: string): void {
    if (!this.active) return;
    this.#publish(lines, { connection: this.#connection, peer: this.#owner.peer, kind, text });
  }

  event(text: string): void {
    if (this.trace === undefined && !connections.hasSubscribers) return;
    this.#publish(connections, { connection: this.#connection, peer: this.#owner.peer, kind: "event", text });
  }

  #publish(to: typeof lines, event: TraceEvent): void {
    if (to.hasSubscribers && (to !== lines || this.#linesArePublic)) to.publish(event);
    this.trace?.(event);
  }
}

/** Replaces control characters, so that a peer's text cannot steer the terminal that shows it. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
  });
}
