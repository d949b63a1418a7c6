// The server's clock: listings are in its local time, and often without a year.
import { timeOf } from "./calendar.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
// From one 29 February to the next there may be eight years (1896, 1904).
const YEARS_BACK = 8;

/** ListingClock turns the server's local times into UTC. */
export class ListingClock {
  readonly #now: () => Date;
  readonly #offset: number;
  #limit: number | undefined;
  #limitYear = 0;

  /** `utcOffset` is how many minutes the server is ahead of UTC. */
  constructor(now: () => Date = () => new Date(), utcOffset = 0) {
    this.#now = now;
    this.#offset = utcOffset * MINUTE;
  }

  /** UTC of a local time. */
  toUtc(local: number): number {
    return local - this.#offset;
  }

  /**
   * UTC of the latest such date that is not more than a day in the future: that much servers' clocks and our idea of
   * their time zone may be wrong. NaN if there is no such day.
   */
  latest(month: number, day: number, hour: number, minute: number, second = 0): number {
    const limit = this.#limit ?? this.#setLimit();
    for (let year = this.#limitYear; year >= this.#limitYear - YEARS_BACK; year -= 1) {
      const local = timeOf(year, month, day, hour, minute, second);
      if (local <= limit) return local - this.#offset;
    }
    return Number.NaN;
  }

  // Asked once: a listing is of one moment, and every line would cost a Date.
  #setLimit(): number {
    const limit = this.#now().getTime() + this.#offset + DAY;
    this.#limit = limit;
    this.#limitYear = new Date(limit).getUTCFullYear();
    return limit;
  }
}
