// Mail that was delivered, by user name and in memory: what one server takes another one may hand out.
import { randomUUID } from "node:crypto";

/** The addresses that a message was delivered with. */
export interface MessageEnvelope {
  /** Empty: the null reverse-path. */
  readonly from: string;
  readonly to: readonly string[];
}

export interface StoredMessage extends MessageEnvelope {
  /** Stays the same, and is never given again; printable ASCII, as POP3 wants it (RFC 1939 7). */
  readonly uid: string;
  /** Exactly as received, CRLF included. */
  readonly data: Uint8Array;
  readonly receivedAt: Date;
}

type Listener = (user: string, message: StoredMessage) => void;

/** The mailboxes of some users, or of everybody. */
export class Mailboxes {
  readonly #users: ReadonlySet<string> | undefined;
  // Replaced and never changed: who has asked for a list keeps it as it was.
  readonly #messages: Map<string, readonly StoredMessage[]> = new Map();
  readonly #listeners: Set<Listener> = new Set();

  /** Without names everybody has a mailbox. */
  constructor(users?: Iterable<string>) {
    this.#users = users === undefined ? undefined : new Set(users);
  }

  /** Whether the user has a mailbox. */
  has(user: string): boolean {
    return this.#users === undefined || this.#users.has(user);
  }

  /** Those who have a mailbox; where everybody has one, those who have got something. */
  get users(): readonly string[] {
    return [...(this.#users ?? this.#messages.keys())];
  }

  /** Throws RangeError if the user has no mailbox. */
  deliver(user: string, message: Uint8Array, { from, to }: MessageEnvelope): StoredMessage {
    if (!this.has(user)) throw new RangeError(`${user} has no mailbox`);
    const stored: StoredMessage = {
      uid: randomUUID(),
      data: new Uint8Array(message),
      from,
      to: [...to],
      receivedAt: new Date(),
    };
    this.#messages.set(user, [...this.messagesOf(user), stored]);
    for (const listener of this.#listeners) listener(user, stored);
    return stored;
  }

  /** What is there now, the oldest in front; the list does not change any more. */
  messagesOf(user: string): readonly StoredMessage[] {
    return this.#messages.get(user) ?? [];
  }

  /** False: there is no such message (any more). */
  remove(user: string, uid: string): boolean {
    const messages = this.messagesOf(user);
    const rest = messages.filter((message) => message.uid !== uid);
    if (rest.length === messages.length) return false;
    this.#messages.set(user, rest);
    return true;
  }

  /** Waits for the next message that comes for the user, not one that is there. Rejects with the signal's reason. */
  next(user: string, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<StoredMessage> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const listener: Listener = (receiver, message) => {
        if (receiver !== user) return;
        this.#listeners.delete(listener);
        signal?.removeEventListener("abort", giveUp);
        resolve(message);
      };
      const giveUp = (): void => {
        this.#listeners.delete(listener);
        reject(signal?.reason as Error);
      };
      this.#listeners.add(listener);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }
}
