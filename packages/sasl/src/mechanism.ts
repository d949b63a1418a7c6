// What a mechanism is (RFC 4422 3), and how much each protects.
import { ProtocolError } from "@netcli/core-transport";
import type { MechanismError } from "./errors.ts";

/**
 * How much mechanisms protect, the weakest first. `none`: nothing is proved. `plaintext`: the secret itself is sent.
 * `digest`: a hash is sent, and the server proves nothing. `scram-...`: both sides prove that they know the password,
 * with `-plus` over this very TLS connection. `external`: the certificate that TLS has checked.
 */
export const strengths = [
  "none",
  "plaintext",
  "digest",
  "scram-sha-1",
  "scram-sha-1-plus",
  "scram-sha-256",
  "scram-sha-512",
  "scram-sha-256-plus",
  "scram-sha-512-plus",
  "external",
] as const;

export type Strength = (typeof strengths)[number];

/**
 * Mechanism is one side, ours, of one way to authenticate. It computes and never touches the network. `start` begins
 * anew, so that an object can serve again, but not twice at a time.
 */
export interface Mechanism {
  /** As servers announce it, in capitals. */
  readonly name: string;
  readonly strength: Strength;
  /** Who reads along can log in afterwards: only for confidential connections. */
  readonly isPlaintextEquivalent: boolean;
  /** Challenges need not even be base64, because nothing depends on them. Default false. */
  readonly ignoresChallenges?: boolean;
  /** Why the server refuses, if it has said so in the mechanism's own words. */
  readonly failure?: MechanismError | undefined;
  /**
   * The initial response, or undefined if the server speaks first. Empty is not none. Throws ArgumentError if the
   * mechanism can't be used with these credentials.
   */
  start(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The response to a challenge. Whatever it throws cancels the authentication. */
  next(challenge: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Called when the server says that we are in, with the data it sent along. Throws if it may not be believed. */
  done(data: Uint8Array | undefined): void | Promise<void>;
}

/** A mechanism that says everything at once. */
export function singleResponse(
  name: string,
  strength: Strength,
  response: () => Uint8Array | Promise<Uint8Array>,
): Mechanism {
  return {
    name,
    strength,
    isPlaintextEquivalent: strength === "plaintext",
    start: response,
    next: () => {
      throw tooManyChallenges(name);
    },
    done: () => undefined,
  };
}

export function tooManyChallenges(name: string): ProtocolError {
  return new ProtocolError(`the server sent a challenge where ${name} has nothing more to say`);
}
