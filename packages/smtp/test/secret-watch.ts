// What can be seen of a secret, in whatever things a test comes by.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import type { TraceEvent } from "@netcli/core-transport";
import { vi } from "vitest";

export const SECRET = "hunter2-correct-horse-battery";
export const user = "somebody";
export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** All in which a secret may be: itself, and base64 of any text around it. */
function tracesOf(secret: string): string[] {
  const encoded = [0, 1, 2].map((shift) =>
    base64(`${"x".repeat(shift)}${secret}`).slice(shift === 0 ? 0 : 4, -4),
  );
  return [
    secret,
    ...encoded,
    Buffer.from(secret).toString("hex"),
    Buffer.from(secret).toReversed().toString(),
  ];
}

/** Watch looks at things as closely as one can; with a secret of its own or the usual one. */
export class Watch {
  readonly seen: unknown[] = [];
  readonly #secret: string;

  constructor(secret: string = SECRET) {
    this.#secret = secret;
  }

  see(...things: readonly unknown[]): void {
    for (const thing of things) {
      this.seen.push(
        inspect(thing, {
          depth: 20,
          showHidden: true,
          getters: true,
          maxArrayLength: null,
          maxStringLength: null,
        }),
      );
      if (thing instanceof Error)
        this.seen.push(`${thing.stack} ${JSON.stringify(thing)} ${inspect(thing.cause)}`);
    }
  }

  get leaks(): string[] {
    // Bytes are shown as hex in pairs.
    const shown = this.seen.map((one) => String(one)).join("\n");
    const joined = shown.replaceAll(/\s+/g, "");
    return tracesOf(this.#secret).filter((trace) => shown.includes(trace) || joined.includes(trace));
  }
}

/** Shows a watch all that is published and printed, until it is disposed. */
export class PublicWatch extends Watch implements Disposable {
  readonly trace = (event: TraceEvent): void => this.see(event);

  constructor(secret?: string) {
    super(secret);
    subscribe("netcli.line", this.#onEvent);
    subscribe("netcli.connection", this.#onEvent);
    for (const method of ["error", "log", "warn", "info", "debug"] as const) {
      vi.spyOn(console, method).mockImplementation((...words) => this.see(...words));
    }
  }

  readonly #onEvent = (event: unknown): void => this.see(event);

  [Symbol.dispose](): void {
    unsubscribe("netcli.line", this.#onEvent);
    unsubscribe("netcli.connection", this.#onEvent);
    vi.restoreAllMocks();
  }
}
