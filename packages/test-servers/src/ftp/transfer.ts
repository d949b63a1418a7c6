// One transfer, as the server sees it: 150, the data connection, the content, and how it ended (RFC 959 5.4).
import { type Connection, ConnectionClosedError, TlsError } from "@netcli/core-transport";
import { type Bytes, deflated, inflated } from "./content.ts";
import type { DataLink, DataPort } from "./data-port.ts";
import { endAs } from "../ending.ts";
import { Cut, faulty, until } from "./faults.ts";
import { Refusal, type Reply, replyFor } from "./reply.ts";
import type { Session } from "./session.ts";

const DATA_TIMEOUT = 10_000;
const ABORTED = "426 The transfer was broken off.";

/** What is to be moved, over a data connection that is there. */
export interface Job {
  readonly preliminary: string;
  readonly final?: string;
  readonly isUpload?: true;
  readonly move: (moving: Moving) => Promise<void>;
}

/** The data connection of a transfer and what its content is on the way. */
export class Moving {
  readonly connection: Connection;
  /** Aborted by ABOR, and when the client is gone. */
  readonly signal: AbortSignal;
  readonly #session: Session;
  readonly verb: string;
  readonly isSecure: boolean;
  readonly isResumed: boolean;
  bytes = 0;

  constructor(verb: string, connection: Connection, signal: AbortSignal, session: Session) {
    this.verb = verb;
    this.connection = connection;
    this.signal = signal;
    this.#session = session;
    this.isSecure = connection.tls !== undefined;
    this.isResumed = connection.tls?.isSessionReused() === true;
  }

  /** True: content goes over the connection just as it is. */
  get isPlain(): boolean {
    const { fault, state } = this.#session;
    return fault.data === undefined && state.mode === "S" && state.type === "I";
  }

  async send(content: Bytes): Promise<void> {
    const { fault, state } = this.#session;
    const counted = this.#counting(content);
    const coded = state.mode === "Z" ? deflated(counted, state.level) : counted;
    const sent = fault.data === undefined ? coded : faulty(coded, fault.data, this.signal);
    await this.connection.writeContent(sent);
  }

  receive(): Bytes {
    const { fault, state } = this.#session;
    const body = this.connection.readToEnd();
    const received = fault.data === undefined ? body : faulty(body, fault.data, this.signal);
    return this.#counting(state.mode === "Z" ? inflated(received) : received);
  }

  async *#counting(content: Bytes): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of content) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

/** Does a transfer. The final reply is returned: whoever asked for it sends it. */
export async function transfer(session: Session, verb: string, job: Job): Promise<Reply> {
  const { port, fault, shared } = session;
  session.port = undefined;
  if (port === undefined) throw new Refusal("425 Use EPSV, PASV, EPRT or PORT first.");
  const running = new AbortController();
  session.running = running;
  if (session.isAborted) running.abort();
  let link: DataLink | undefined;
  try {
    if (shared.options.requireTls === true && session.protection === "C") {
      throw new Refusal("521 Data connections have to be protected: PROT P.");
    }
    link = await linkTo(port, running.signal, shared.options.dataTimeout ?? DATA_TIMEOUT);
    const { connection, secured } = link;
    // With delay there is still something on its way.
    if (shared.options.delay === undefined) void connection.closed.then(() => shared.ports.delete(port));
    running.signal.addEventListener("abort", () => connection.destroy(running.signal.reason as Error));
    running.signal.throwIfAborted();
    const final = job.final ?? "226 Transfer complete.";
    await session.preliminary(job.preliminary);
    if (fault.replyWhen === "early") await session.finish(final);
    await secured;
    const moving = new Moving(verb, connection, running.signal, session);
    session.transfers.push(moving);
    assertReuse(session, moving);
    await job.move(moving);
    connection.end();
    // What was received is there, whatever becomes of the connection.
    if (job.isUpload !== true) await connection.flush();
    link.release();
    return final;
  } catch (error) {
    if (link === undefined) {
      session.port = port;
      await session.dropPort();
    } else {
      await cut(link, error);
    }
    return whatToSay(error, session, running.signal);
  } finally {
    session.running = undefined;
  }
}

async function linkTo(port: DataPort, signal: AbortSignal, milliseconds: number): Promise<DataLink> {
  const expired = AbortSignal.timeout(milliseconds);
  try {
    return await until(port.link(), AbortSignal.any([signal, expired]));
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Refusal("425 No data connection was made.");
  }
}

function assertReuse(session: Session, { isResumed }: Moving): void {
  if (session.protection === "C" || session.shared.options.requireSessionReuse !== true || isResumed) return;
  throw new Refusal("522 The data connection must resume the TLS session of the control connection.");
}

/** Ends a data connection over which not everything went. */
async function cut({ connection, release }: DataLink, error: unknown): Promise<void> {
  await endAs(error instanceof Cut ? error.how : "truncate", connection);
  release();
}

function whatToSay(error: unknown, session: Session, { aborted }: AbortSignal): Reply {
  if (aborted || error instanceof Cut || error instanceof ConnectionClosedError) return ABORTED;
  const reply = replyFor(error);
  if (reply !== undefined) return reply;
  session.shared.errors.push(error);
  if (error instanceof TlsError) return "522 There is no TLS on the data connection.";
  return "451 The transfer failed.";
}
