// The exchange of challenges and responses (RFC 4422 3), over whatever protocol carries it.
import {
  ArgumentError,
  NotSupportedError,
  ProtocolError,
  type NetcliErrorOptions,
} from "@netcli/core-transport";
import type { Mechanism } from "./mechanism.ts";

/**
 * Why the server refused. `wrong-credentials`: another mechanism would fail as well, and count as another attempt.
 * `mechanism-refused`: not in this way, or unclear which. `temporary`: the same may succeed later.
 */
export type RefusalReason = "wrong-credentials" | "mechanism-refused" | "temporary";

/** What the server does next. */
export type ServerStep =
  /** It asks. `data` is undefined if what it sent is not base64. */
  | { readonly kind: "challenge"; readonly data: Uint8Array | undefined }
  /** We are in. `data` is what came with the success, where the protocol has room for it. */
  | { readonly kind: "accepted"; readonly data?: Uint8Array | undefined }
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason;
      /** The error of the protocol, usually a ReplyError; its `cause` is what the mechanism knows. */
      readonly toError: (options: NetcliErrorOptions) => Error;
    };

/**
 * Exchange is a protocol's framing: lines, base64, what stands for an empty initial response. What it throws (a lost
 * connection, a timeout) ends the authentication.
 */
export interface Exchange {
  /** Sends the name and the initial response; undefined is none, which is not the same as an empty one. */
  begin(mechanism: string, initial: Uint8Array | undefined): Promise<ServerStep>;
  respond(response: Uint8Array): Promise<ServerStep>;
  /** Gives up instead of answering a challenge; resolves when the server has confirmed. */
  cancel(): Promise<void>;
}

export interface AuthenticateOptions {
  /** Gives up waiting for a password, token or computation; the exchange has to have its own way to be aborted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries the mechanisms in turn until the server accepts one, and resolves to that. Wrong credentials end it, a
 * mechanism that is refused, or that can't be used with these credentials, does not. Rejects with the error of the
 * exchange; with ProtocolError or LimitError if the server must not be believed: destroy the connection then.
 */
export async function authenticate(
  mechanisms: Iterable<Mechanism>,
  exchange: Exchange,
  { signal }: AuthenticateOptions = {},
): Promise<Mechanism> {
  let failed: Error = new NotSupportedError("there is no mechanism to authenticate with");
  for (const mechanism of mechanisms) {
    const initial = await startOf(mechanism, signal);
    if (initial instanceof ArgumentError) {
      failed = initial;
      continue;
    }
    const step = await converse(mechanism, exchange, initial.response, signal);
    if (step.kind === "accepted") {
      await mechanism.done(step.data);
      return mechanism;
    }
    const { failure } = mechanism;
    failed = step.toError(failure === undefined ? {} : { cause: failure });
    // The mechanism's own words say more than the protocol's code.
    const mayGoOn = failure === undefined ? step.reason === "mechanism-refused" : failure.isAboutMechanism;
    if (!mayGoOn) break;
  }
  throw failed;
}

type Ended = Exclude<ServerStep, { kind: "challenge" }>;

async function startOf(
  mechanism: Mechanism,
  signal: AbortSignal | undefined,
): Promise<ArgumentError | { readonly response: Uint8Array | undefined }> {
  try {
    return { response: await unlessAborted(signal, () => mechanism.start()) };
  } catch (error) {
    // Nothing was sent: a password with a character that SCRAM does not allow may still do for PLAIN.
    if (error instanceof ArgumentError) return error;
    throw error;
  }
}

async function converse(
  mechanism: Mechanism,
  exchange: Exchange,
  initial: Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<Ended> {
  let step = await exchange.begin(mechanism.name, initial);
  while (step.kind === "challenge") {
    const { data } = step;
    let response: Uint8Array;
    try {
      response = await unlessAborted(signal, () => mechanism.next(understood(mechanism, data)));
    } catch (error) {
      // What made us give up says more than what came of it.
      await exchange.cancel().catch(() => undefined);
      throw error;
    }
    step = await exchange.respond(response);
  }
  return step;
}

function understood(mechanism: Mechanism, data: Uint8Array | undefined): Uint8Array {
  if (data !== undefined) return data;
  if (mechanism.ignoresChallenges === true) return new Uint8Array();
  throw new ProtocolError(`the server's ${mechanism.name} challenge is not base64`);
}

/** Rejects with the signal's reason as soon as it is aborted, whatever the work still does. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => T | Promise<T>): Promise<T> {
  if (signal === undefined) return work();
  signal.throwIfAborted();
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([aborted, work()]);
  } finally {
    if (abort !== undefined) signal.removeEventListener("abort", abort);
  }
}
