// The receiving half of the reply pipeline: lines become replies, and each goes to the oldest unanswered command.
import type { Body } from "./body.ts";
import type { Connection } from "./connection.ts";
import { ConnectionClosedError, ProtocolError, TlsError } from "./errors.ts";
import { settle, type Exchange } from "./exchange.ts";
import type { Outbox } from "./outbox.ts";
import { Queue } from "./queue.ts";
import type { Outcome } from "./demand.ts";
import type { Reply, ReplyGrammar } from "./reply.ts";
import { ReplyAssembler } from "./reply-assembler.ts";
import { ReplyWatch } from "./reply-watch.ts";

// Read ahead of a caller who has not begun to read a block, while nobody waits for what is behind it.
const UNREAD_BYTES = 65_536;

export class ReplyReceiver<R extends Reply> {
  readonly #connection: Connection;
  readonly #grammar: ReplyGrammar<R>;
  readonly #outbox: Outbox<R>;
  readonly #onError: (error: Error) => void;
  readonly #assembler: ReplyAssembler<R>;
  readonly #unanswered: Queue<Exchange<R>> = new Queue();
  readonly #watch: ReplyWatch<R>;
  #started = false;
  #failed = false;
  // The block being received, and what asked for it.
  #block: Body | undefined;
  #blockOf: Exchange<R> | undefined;
  #lastReply: R | undefined;

  constructor(
    connection: Connection,
    grammar: ReplyGrammar<R>,
    outbox: Outbox<R>,
    onError: (error: Error) => void,
  ) {
    this.#connection = connection;
    this.#grammar = grammar;
    this.#outbox = outbox;
    this.#onError = onError;
    this.#assembler = new ReplyAssembler(grammar, connection.limits);
    this.#watch = new ReplyWatch({
      timeouts: connection.timeouts,
      someoneWaits: () => this.#someoneWaits,
      fail: onError,
    });
  }

  get lastReply(): R | undefined {
    return this.#lastReply;
  }

  get #idle(): boolean {
    return this.#unanswered.length === 0 && this.#block === undefined;
  }

  get #someoneWaits(): boolean {
    return this.#unanswered.length > 0 || this.#outbox.length > 0;
  }

  /** Begins to listen, once. Not before something is expected: a greeting may be there already. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#listen();
  }

  /** Fails if something is there that nobody asked for: the next command would take it for its reply. */
  refuseUnasked(): void {
    const isSilent = this.#assembler.isEmpty && this.#connection.reader.framer.length === 0;
    if (!this.#idle || isSilent) return;
    try {
      const reply = this.#nextReply();
      // Says why the server closes, if that is what it said.
      if (reply !== undefined) this.#answer(reply);
      throw new ProtocolError("the server sent something that nobody asked for");
    } catch (error) {
      this.#onError(error as Error);
    }
  }

  /** Adds one to those who wait for a reply. */
  expect(exchange: Exchange<R>): void {
    const idle = this.#idle;
    this.#unanswered.push(exchange);
    this.#outbox.sent(exchange);
    if (idle) this.#watch.expect(exchange);
  }

  /**
   * Goes on where it may have stopped: more of an unread block is kept when someone waits behind it, and what was
   * left unasked in a turn may be asked for now, or is refused when the turn is over.
   */
  wake(): void {
    if (this.#block !== undefined || this.#connection.reader.framer.length > 0)
      this.#connection.reader.wake();
  }

  /** The server owes no reply before `work`, which is ours, is done. */
  restDuring(work: Promise<unknown>): void {
    void this.#watch.restDuring(work);
  }

  /** Expects no answers any more to what was sent so far. */
  abandon(error: Error): void {
    for (let next = this.#unanswered.shift(); next !== undefined; next = this.#unanswered.shift()) {
      this.#outbox.answered(next);
      if (settle(next)) next.reject(error);
    }
    this.#watch.expect(this.#block);
  }

  /** Rejects all that is unanswered. */
  fail(error: Error): void {
    this.#failed = true;
    this.#watch.close();
    for (let next = this.#unanswered.shift(); next !== undefined; next = this.#unanswered.shift()) {
      if (settle(next)) next.reject(error);
    }
  }

  #listen(): void {
    this.#connection.reader.demand({ attempt: () => this.#receive(), stalls: "never" });
  }

  #receive(): Outcome {
    if (this.#failed) return "settled";
    try {
      while (this.#block === undefined) {
        if (this.#isUnasked()) return "full";
        const reply = this.#nextReply();
        if (reply === undefined) {
          if (this.#connection.reader.ended) throw this.#endError();
          break;
        }
        this.#answer(reply);
      }
    } catch (error) {
      this.#onError(error as Error);
      return "settled";
    }
    if (this.#outbox.length > 0) this.#outbox.sendWaiting();
    this.#watch.expect(this.#block ?? this.#unanswered.first);
    return this.#block === undefined ? "waiting" : "settled";
  }

  // In a turn, what nobody asked for is left where it is: for TLS to see that it was there before (STARTTLS
  // injection), for the turn to ask for it after all, or for the next command to refuse.
  #isUnasked(): boolean {
    return this.#outbox.inTurn && this.#unanswered.length === 0 && this.#connection.reader.framer.length > 0;
  }

  #nextReply(): R | undefined {
    const { reader, tracer } = this.#connection;
    for (;;) {
      this.#refuseTls();
      const line = reader.framer.takeLine();
      if (line === undefined) return undefined;
      if (tracer.active) tracer.line("received", line);
      const reply = this.#assembler.add(line);
      if (reply !== undefined) return reply;
      if (this.#idle) this.#refuseBegun(line);
    }
  }

  // The beginning of a reply that nobody asked for would become that of the next one.
  #refuseBegun(line: string): void {
    if (this.#grammar.isClosing?.(this.#grammar.parse([line])) === true) return;
    throw new ProtocolError(`the server sent a reply that nobody asked for: ${quote(line)}`);
  }

  #answer(reply: R): void {
    this.#lastReply = reply;
    const exchange = this.#unanswered.first;
    const isClosing = this.#grammar.isClosing?.(reply) === true;
    if (exchange === undefined) {
      if (isClosing) throw this.#endError();
      throw new ProtocolError(`the server sent a reply that nobody asked for: ${quote(reply.lines[0])}`);
    }
    if (this.#grammar.isPreliminary?.(reply) === true) {
      const work = exchange.settled ? undefined : exchange.options.onPreliminary?.(reply);
      if (work !== undefined) this.restDuring(work);
      return;
    }
    // The caller's function may throw, and must then find the exchange among those to be rejected.
    const bringsBlock = exchange.options.hasBlock?.(reply) === true;
    this.#unanswered.shift();
    if (bringsBlock) this.#receiveBlock(exchange);
    else this.#outbox.answered(exchange);
    if (settle(exchange)) exchange.resolve(reply, this.#block);
    else this.#block?.cancel();
    if (isClosing) throw this.#endError();
  }

  #receiveBlock(exchange: Exchange<R>): void {
    this.#blockOf = exchange;
    this.#block = this.#connection.reader.readBlock({
      onEnd: (error) => this.#onBlockEnd(error),
      unreadBytes: () => (this.#someoneWaits ? this.#connection.limits.unreadBytes : UNREAD_BYTES),
    });
  }

  #onBlockEnd(error?: Error): void {
    if (this.#blockOf !== undefined) this.#outbox.answered(this.#blockOf);
    this.#block = undefined;
    this.#blockOf = undefined;
    if (error === undefined) this.#listen();
    else this.#onError(error);
  }

  #endError(): Error {
    const first = this.#unanswered.first;
    const instead =
      first?.command === undefined ? `a ${first?.phase}` : `an answer to "${first.command.shown}"`;
    const where = first === undefined ? "between two commands" : `instead of ${instead}`;
    const lastReply = this.#lastReply;
    const words = lastReply === undefined ? "" : `; its last words were ${quote(lastReply.lines.at(-1))}`;
    const end = this.#connection.reader.endError(`${where}${words}`);
    if (!(end instanceof ConnectionClosedError)) return end;
    return new ConnectionClosedError(end.message, { cause: end.cause, lastReply });
  }

  // A TLS alert or handshake record (RFC 8446 5.1) where a greeting should be. Looked for before the first line is
  // taken: a byte of it may be a line feed.
  #refuseTls(): void {
    if (this.#unanswered.first?.phase !== "greeting") return;
    const [type, version] = this.#connection.reader.framer.peek(2);
    if ((type === 0x15 || type === 0x16) && version === 0x03) {
      throw new TlsError(
        `${this.#connection.host} speaks TLS from the start on this port; use tls: "implicit"`,
      );
    }
  }
}

// The beginning of a line, control characters escaped.
function quote(line: string | undefined): string {
  return JSON.stringify(line?.slice(0, 80));
}
