// Which of the messages are wanted.
import type { MaildropRow, Pop3Client, SeenStore } from "@netcli/pop3";

export interface Wishes {
  /** Undefined: whether they were fetched before does not matter. */
  readonly seen: SeenStore | undefined;
  /** Bytes. */
  readonly maxSize: number;
}

/** Plan is made once: what arrives while messages are fetched waits for the next time. */
export class Plan {
  readonly #wanted: ReadonlyMap<string, MaildropRow>;
  /** Bytes of what is wanted, as the server counts them. */
  readonly bytes: number;
  /** How many there are in the maildrop. */
  readonly total: number;
  /** How many are left out because they are too large. */
  readonly tooLarge: number;

  private constructor(wanted: ReadonlyMap<string, MaildropRow>, total: number, tooLarge: number) {
    this.#wanted = wanted;
    this.bytes = [...wanted.values()].reduce((sum, { size }) => sum + size, 0);
    this.total = total;
    this.tooLarge = tooLarge;
  }

  static async make(client: Pop3Client, { seen, maxSize }: Wishes, signal: AbortSignal): Promise<Plan> {
    const rows = await client.rows({ signal });
    const wanted = new Map<string, MaildropRow>();
    let tooLarge = 0;
    for (const row of rows) {
      if (row.uid !== undefined && (await seen?.has(row.uid)) === true) continue;
      if (row.size > maxSize) tooLarge += 1;
      else wanted.set(nameOf(row), row);
    }
    return new Plan(wanted, rows.length, tooLarge);
  }

  /** How many are wanted. */
  get count(): number {
    return this.#wanted.size;
  }

  wants(row: MaildropRow): boolean {
    return this.#wanted.has(nameOf(row));
  }
}

/** What stays the same in another session, where there is such a thing. */
export function nameOf({ uid, number }: MaildropRow): string {
  return uid ?? String(number);
}
