// What the reader serves: someone who wants bytes, in the order in which they came.
import { LimitError } from "./errors.ts";
import type { Framer } from "./framer.ts";

/** What came of an attempt to serve a demand: it is settled, waits for the peer, or waits for its own consumer. */
export type Outcome = "settled" | "waiting" | "full";

/** Someone who wants bytes. */
export interface Demand {
  /** Serves itself from the framer. Once `ended` is set it must settle for what is there, or be full. */
  attempt(): Outcome;
  /** What starts the stall timeout anew: each byte or only each line; never: who waits has a deadline of its own. */
  stalls: "byte" | "line" | "never";
}

/** The side of the reader that who waits for a line sees. */
export interface LineSource {
  readonly framer: Framer;
  /** The stream of bytes is at its end. */
  readonly ended: boolean;
  /** Whether all lines are served that had begun to come when the connection was retired. */
  readonly isServed: boolean;
  /** What there is at the end. Throws ConnectionClosedError if that is a part of a line. */
  lineAtEnd(): undefined;
  /** Gives the connection up because of what came. */
  refuse(error: Error): void;
}

export const takeLine = (framer: Framer): string | undefined => framer.takeLine();

export const takeLines = (framer: Framer): readonly string[] | undefined => {
  const lines = framer.takeLines();
  return lines.length > 0 ? lines : undefined;
};

/** Someone who waits for a line: the wait of an idle connection, of which a server has thousands. */
export class LineDemand<T> implements Demand {
  readonly #reader: LineSource;
  readonly #take: (framer: Framer) => T | undefined;
  readonly #resolve: (line: T | undefined) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    reader: LineSource,
    take: (framer: Framer) => T | undefined,
    resolve: (line: T | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.#reader = reader;
    this.#take = take;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get stalls(): "line" {
    return "line";
  }

  attempt(): Outcome {
    const reader = this.#reader;
    try {
      const { isServed } = reader;
      const line = isServed ? undefined : this.#take(reader.framer);
      if (line !== undefined) this.#resolve(line);
      else if (isServed) this.#resolve(undefined);
      else if (reader.ended) this.#resolve(reader.lineAtEnd());
      else return "waiting";
    } catch (error) {
      this.#reject(error);
      if (error instanceof LimitError) reader.refuse(error);
    }
    return "settled";
  }
}
