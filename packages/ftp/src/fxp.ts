// Copying from one server to another without the content passing through here (RFC 959 5.2, known as FXP).
import {
  ArgumentError,
  type CommandLine,
  NotSupportedError,
  orAborted,
  outcomeOf,
  ProtocolError,
  TimeoutError,
  type Turn,
} from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import { eprtCommand, portCommand } from "./active-command.ts";
import { assertPositive, refusal } from "./errors.ts";
import { PATIENCE, settlesWithin } from "./fence.ts";
import type { SessionParts } from "./dialogue.ts";
import { assertOwnAddress, parseEpsvPort, parsePasvPort } from "./passive-reply.ts";
import type { FtpReply } from "./reply.ts";
import type { FtpSession } from "./session.ts";

export interface FtpCopyOptions {
  /** Must be true: one server is made to connect to another, which neither may expect. */
  allowFxp?: boolean | undefined;
  /** Gives up with the signal's reason. Each session stays usable, or is closed where its server does not answer. */
  signal?: AbortSignal | undefined;
}

/** What both servers said at the end. */
export interface FtpCopyResult {
  readonly sourceReply: FtpReply;
  readonly targetReply: FtpReply;
}

/** One of both servers, for as long as nothing else is asked of it. */
interface Side extends SessionParts {
  readonly turn: Turn<FtpReply>;
}

/** Which command has one of both servers be the client of TLS between them. */
type Negotiation = "CPSV" | "SSCN source" | "SSCN target" | undefined;

const nothing = (): void => undefined;

// Two copies in opposite directions must not wait for each other: turns are taken in this order.
const order = new WeakMap<FtpSession, number>();
let known = 0;

function rankOf(session: FtpSession): number {
  const rank = order.get(session) ?? (known += 1);
  order.set(session, rank);
  return rank;
}

/**
 * Copies a file from one server to another: `source` sends it straight to `target`. Protected sessions need a server
 * that can be the client of TLS (CPSV or SSCN). Rejects with ArgumentError without `allowFxp`, NotSupportedError,
 * ProtocolError where the source names a machine that is not its own (CVE-2026-8328), or ReplyError.
 */
export async function ftpCopy(
  source: FtpSession,
  sourcePath: string,
  target: FtpSession,
  targetPath: string,
  { allowFxp, signal }: FtpCopyOptions = {},
): Promise<FtpCopyResult> {
  if (allowFxp !== true) throw new ArgumentError("copying from server to server needs allowFxp: true");
  if (source === target) throw new ArgumentError("a session can't copy to itself");
  const retrieve = source.parts.commands.of("RETR", sourcePath);
  const store = target.parts.commands.of("STOR", targetPath);
  const negotiation = await negotiationFor(source, target, signal);
  const inTurns = (from: Turn<FtpReply>, to: Turn<FtpReply>): Promise<FtpCopyResult> =>
    copy(
      { ...source.parts, turn: from },
      { ...target.parts, turn: to },
      retrieve,
      store,
      negotiation,
      signal,
    );
  const both = withTurns(source, target, inTurns, signal);
  // The servers may take their time to give up.
  return orAborted(both, signal);
}

function withTurns<T>(
  source: FtpSession,
  target: FtpSession,
  task: (from: Turn<FtpReply>, to: Turn<FtpReply>) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const [from, to] = [source.parts.pipeline, target.parts.pipeline];
  if (rankOf(source) < rankOf(target)) {
    return from.exclusive((mine) => to.exclusive((its) => task(mine, its), signal), signal);
  }
  return to.exclusive((its) => from.exclusive((mine) => task(mine, its), signal), signal);
}

/** Throws NotSupportedError where these two can't speak to each other. */
async function negotiationFor(
  source: FtpSession,
  target: FtpSession,
  signal: AbortSignal | undefined,
): Promise<Negotiation> {
  for (const { target: options } of [source.parts, target.parts]) {
    if (options.proxy !== undefined)
      throw new NotSupportedError("through a proxy nobody knows the server's address");
  }
  const isProtected = source.parts.transfers.protection !== undefined;
  if (isProtected !== (target.parts.transfers.protection !== undefined)) {
    throw new NotSupportedError("data connections are protected with one of the servers only");
  }
  if (!isProtected) return undefined;
  if ((await source.feat({ signal })).has("CPSV")) return "CPSV";
  if ((await target.feat({ signal })).has("SSCN")) return "SSCN target";
  if ((await source.feat({ signal })).has("SSCN")) return "SSCN source";
  throw new NotSupportedError("neither server can be the client of TLS (CPSV, SSCN)");
}

async function copy(
  source: Side,
  target: Side,
  retrieve: CommandLine,
  store: CommandLine,
  negotiation: Negotiation,
  signal: AbortSignal | undefined,
): Promise<FtpCopyResult> {
  const client = negotiation === "SSCN source" ? source : negotiation === "SSCN target" ? target : undefined;
  await Promise.all([prepare(source, signal), prepare(target, signal)]);
  if (client !== undefined) await ask(client, ftpCommand("SSCN", "ON"), signal);
  try {
    await ask(target, await portOf(source, negotiation === "CPSV" ? "CPSV" : "PASV", signal), signal);
    return await move(source, target, retrieve, store, signal);
  } finally {
    // Of a server that is gone nobody expects that.
    if (client !== undefined) await outcomeOf(ask(client, ftpCommand("SSCN", "OFF"), undefined));
  }
}

async function ask({ turn }: Side, command: CommandLine, signal: AbortSignal | undefined): Promise<FtpReply> {
  return assertPositive(await turn.command(command, { signal }), command);
}

/** Both send the same: a stream of bytes, from the beginning. */
async function prepare({ turn, transfers }: Side, signal: AbortSignal | undefined): Promise<void> {
  const { settings, data } = transfers;
  // What was asked for ahead is the server's no more, once it is asked again.
  data.forgetAhead();
  await settings.useStream(turn, signal);
  await settings.useType(turn, "I", signal);
  await settings.usePosition(turn, 0, signal);
}

/** Asks the source for a port, and has a command for the target that leads there. */
async function portOf(
  source: Side,
  verb: "PASV" | "CPSV",
  signal: AbortSignal | undefined,
): Promise<CommandLine> {
  const { remoteAddress: address = "" } = source.pipeline.connection;
  const isIPv6 = address.includes(":") && !address.startsWith("::ffff:");
  if (isIPv6 && verb === "PASV") {
    const { text } = await ask(source, ftpCommand("EPSV"), signal);
    return eprtCommand(address, parseEpsvPort(text));
  }
  const { text } = await ask(source, ftpCommand(verb), signal);
  assertOwnAddress(text, address);
  return portCommand(address, parsePasvPort(text));
}

async function move(
  source: Side,
  target: Side,
  retrieve: CommandLine,
  store: CommandLine,
  signal: AbortSignal | undefined,
): Promise<FtpCopyResult> {
  let finish = nothing;
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });
  // The target first: where that refuses, the source would wait for its connection.
  const storing = new Half(target, store, over);
  const halves = [storing];
  try {
    // One that does not say before it has seen the source is not waited for.
    await orAborted(settlesWithin(storing.begun, PATIENCE), signal);
    if (storing.isOver) throw unbegun(await storing.done);
    const retrieving = new Half(source, retrieve, over);
    halves.push(retrieving);
    void Promise.race([retrieving.done, storing.done]).then(finish, finish);
    const both = Promise.all([retrieving.done, storing.done]);
    const [sourceReply, targetReply] = await orAborted(both, signal);
    return { sourceReply, targetReply };
  } catch (error) {
    finish();
    await Promise.all(halves.map((half) => half.giveUp()));
    throw error;
  }
}

function unbegun({ text }: FtpReply): ProtocolError {
  return new ProtocolError(
    `the target ended the transfer before it began: ${JSON.stringify(text.slice(0, 80))}`,
  );
}

/** Half is what one of both servers does. */
class Half {
  readonly #side: Side;
  /** Resolves to its last word if that is a good one. */
  readonly done: Promise<FtpReply>;
  /** Resolves with its first word. */
  readonly begun: Promise<void>;
  #isOver = false;

  /** Behind its first word it has no deadline until it is `over` for one of both. */
  constructor(side: Side, command: CommandLine, over: Promise<void>) {
    this.#side = side;
    let begin = nothing;
    this.begun = new Promise((resolve) => {
      begin = resolve;
    });
    const onPreliminary = (): Promise<void> => {
      begin();
      return over;
    };
    this.done = side.turn
      .command(command, { onPreliminary })
      .finally(() => {
        this.#isOver = true;
        begin();
      })
      .then((reply) => {
        if (reply.code >= 200 && reply.code < 300) return reply;
        throw refusal(reply, command);
      });
    this.done.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Has the server give up what it waits for, or ends the session: it could wait for ever. */
  async giveUp(): Promise<void> {
    if (this.#isOver) return;
    const { turn, pipeline } = this.#side;
    const { connection } = pipeline;
    const { close } = connection.timeouts;
    const aborting = turn.command(ftpCommand("ABOR"));
    const timer = setTimeout(() => {
      connection.destroy(new TimeoutError(`the server did not give up within ${close} ms`, "close", close));
    }, close);
    await Promise.allSettled([this.done, aborting]);
    clearTimeout(timer);
  }
}
