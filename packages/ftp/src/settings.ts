// What the server is told about a transfer before it, and still knows: TYPE (RFC 959 3.1.1), MODE (RFC 959 3.4,
// draft-preston-ftpext-deflate), REST (RFC 3659 5).
import { orAborted, type Turn } from "@netcli/core-transport";
import type { Asker } from "./burst.ts";
import { ftpCommand } from "./command.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpReply } from "./reply.ts";

/** How content is moved (RFC 959 3.1.1): as it is, or as text. */
export type TransferType = "I" | "A";

/** How content goes over a data connection: as a stream, or as one that is compressed. */
export type TransferMode = "S" | "Z";

/** Settings sends what the server does not know yet. */
export class Settings {
  // The server begins with text (RFC 959 5.1).
  #type: TransferType = "A";
  // False while the server may have another one: a TYPE was sent, and its answer not heard.
  #isTypeKnown = true;
  // A TYPE whose answer is awaited, so that who wants the same need not send another one.
  #typing: { readonly type: TransferType; readonly done: Promise<void> } | undefined;
  // True while the server may hold the position of a REST for whichever file is asked for next.
  #isPositioned = false;

  #mode: TransferMode = "S";
  #wantedMode: TransferMode = "S";
  #isModeKnown = true;

  get type(): TransferType {
    return this.#type;
  }

  /** True if that is the type, without a doubt. */
  isOfType(type: TransferType): boolean {
    return this.#isTypeKnown && this.#type === type;
  }

  /** The server may have another type than we think: sends TYPE before the next transfer in any case. */
  forgetType(): void {
    this.#isTypeKnown = false;
  }

  async useType(turn: Asker, type: TransferType, signal: AbortSignal | undefined): Promise<void> {
    if (this.isOfType(type)) return;
    if (this.#typing?.type !== type) {
      const typing = { type, done: this.#sendType(turn, type) };
      this.#typing = typing;
      const forget = (): void => {
        if (this.#typing === typing) this.#typing = undefined;
      };
      typing.done.then(forget, forget);
    }
    // One who gives up does so for itself only.
    return orAborted(this.#typing.done, signal);
  }

  async #sendType(turn: Asker, type: TransferType): Promise<void> {
    const command = ftpCommand("TYPE", type);
    this.#isTypeKnown = false;
    const reply = await turn.command(command);
    if (reply.code >= 200 && reply.code < 300) this.#type = type;
    this.#isTypeKnown = true;
    assertPositive(reply, command);
  }

  /** The server may have other settings than we think. */
  forget(): void {
    this.#isTypeKnown = false;
    this.#isModeKnown = false;
  }

  /** Some servers begin anew with another user, others do not. */
  forgetUser(): void {
    if (!this.isOfType("A")) this.#isTypeKnown = false;
    if (this.#mode !== "S") this.#isModeKnown = false;
  }

  get mode(): TransferMode {
    return this.#mode;
  }

  /** The mode from the next transfer on; if the server refuses, it stays a stream. */
  preferMode(mode: TransferMode): void {
    this.#wantedMode = mode;
  }

  async useMode(turn: Turn<FtpReply>, mode: TransferMode, signal: AbortSignal | undefined): Promise<void> {
    const command = ftpCommand("MODE", mode);
    this.#isModeKnown = false;
    assertPositive(await turn.command(command, { signal }), command);
    this.#mode = mode;
    this.#wantedMode = mode;
    this.#isModeKnown = true;
  }

  /** Goes without compression, for the next transfer only. */
  async useStream(turn: Turn<FtpReply>, signal: AbortSignal | undefined): Promise<void> {
    const wanted = this.#wantedMode;
    if (!this.#isModeKnown || this.#mode !== "S") await this.useMode(turn, "S", signal);
    this.#wantedMode = wanted;
  }

  /** Sends MODE where the server has another one than is preferred. */
  async usePreferredMode(turn: Turn<FtpReply>, signal: AbortSignal | undefined): Promise<void> {
    if (this.#isModeKnown && this.#mode === this.#wantedMode) return;
    const command = ftpCommand("MODE", this.#wantedMode);
    this.#isModeKnown = false;
    const { code } = await turn.command(command, { signal });
    // What is refused stays as it is, and that is how it began.
    this.#mode = code < 300 ? this.#wantedMode : "S";
    this.#wantedMode = this.#mode;
    this.#isModeKnown = true;
  }

  /** Has the next transfer begin there. */
  async usePosition(turn: Turn<FtpReply>, position: number, signal: AbortSignal | undefined): Promise<void> {
    if (position === 0 && !this.#isPositioned) return;
    const command = ftpCommand("REST", String(position));
    this.#isPositioned = true;
    const reply = await turn.command(command, { signal });
    this.#isPositioned = reply.code === 350 && position > 0;
    if (reply.code !== 350) throw refusal(reply, command);
  }

  /** A transfer has begun where it was to. */
  forgetPosition(): void {
    this.#isPositioned = false;
  }
}
