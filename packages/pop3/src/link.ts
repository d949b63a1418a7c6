// The session of a client: connected again when it has broken, until the client is closed.
import { ConnectionClosedError, orAborted } from "@netcli/core-transport";
import type { Pop3Target } from "./options.ts";
import { Pop3Session } from "./session.ts";

/** Link has one session at a time, for all who ask for it. */
export class Link {
  readonly #target: Pop3Target;
  readonly #closing: AbortController = new AbortController();
  #session: Pop3Session;
  #opening: Promise<Pop3Session> | undefined;

  private constructor(target: Pop3Target, session: Pop3Session) {
    this.#target = target;
    this.#session = session;
  }

  /** A signal in the target is for the first session only. */
  static async connect({ signal, ...target }: Pop3Target): Promise<Link> {
    return new Link(target, await Pop3Session.connect({ ...target, signal }));
  }

  /** The session that there is, or was. */
  get session(): Pop3Session {
    return this.#session;
  }

  /** Nothing is to be done any more. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** A session that works. Rejects as connecting does, or with the reason of the signal. */
  async open(signal?: AbortSignal): Promise<Pop3Session> {
    this.#closing.signal.throwIfAborted();
    if (this.#session.isOpen) return this.#session;
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return orAborted(this.#opening, signal);
  }

  async #connect(): Promise<Pop3Session> {
    this.#session = await Pop3Session.connect({ ...this.#target, signal: this.#closing.signal });
    return this.#session;
  }

  /** Ends the session at once, also one that is on its way. */
  close(): void {
    this.#closing.abort(new ConnectionClosedError("the client was closed"));
    this.#session.close();
  }

  /** Takes all marks of the session away before. */
  async abort(): Promise<void> {
    this.#closing.abort(new ConnectionClosedError("the client was closed"));
    await this.#session.abort();
  }
}
