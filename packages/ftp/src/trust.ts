// What a server was seen to stand of commands that are sent before it has answered the ones before them.

/** How often is sent ahead: never, where the usual servers stand it, or wherever it saves time. */
export type PipeliningMode = "off" | "safe" | "full";

/** Unknown until it was tried once. */
type Standing = "unknown" | "proven" | "refused";

// It reads what comes during a transfer behind it. Others refuse it (ProFTPD, Pure-FTPd), give the transfer up
// (pyftpdlib), or the port with it (ftp-srv).
const KNOWN = /\bvsftpd\b/i;

/** Trust is one for all sessions to a server: what one of them finds out, the next one need not try. */
export class Trust {
  readonly mode: PipeliningMode;
  #commands: Standing = "unknown";
  #lookAhead: Standing = "unknown";
  #isKnown = false;

  constructor(mode: PipeliningMode) {
    this.mode = mode;
  }

  /** Hears what the server says of itself. */
  meet(welcome: string): void {
    this.#isKnown = KNOWN.test(welcome);
  }

  /** Several commands in one packet may be tried: a login, whose answers are watched. */
  get mayTry(): boolean {
    return this.mode !== "off" && this.#commands !== "refused";
  }

  /** True: each command waits for the answer to the one before. So it is until a login has shown better. */
  get isSerial(): boolean {
    return this.mode === "off" || this.#commands !== "proven";
  }

  /** The server has never answered several commands in one packet, nor failed to. */
  get isUntried(): boolean {
    return this.#commands === "unknown";
  }

  /** A command may be sent behind one that transfers. */
  get looksAhead(): boolean {
    const isSafe = this.#isKnown || this.mode === "full";
    return isSafe && !this.isSerial && this.#lookAhead !== "refused";
  }

  /** Nobody knows whether the server reads what comes during a transfer. */
  get isLookAheadUntried(): boolean {
    return this.#lookAhead === "unknown";
  }

  /** An upload begins before the server has said that it may. */
  get isEager(): boolean {
    return this.mode === "full" && !this.isSerial;
  }

  prove(): void {
    this.#commands = "proven";
  }

  refuse(): void {
    this.#commands = "refused";
  }

  proveLookAhead(): void {
    this.#lookAhead = "proven";
  }

  refuseLookAhead(): void {
    this.#lookAhead = "refused";
  }
}
