// SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and with -PLUS that they see the same TLS
// connection, so that nobody stands in between.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { ArgumentError } from "@netcli/core-transport";
import { encodeBase64 } from "./base64.ts";
import type { ChannelBinding } from "./channel-binding.ts";
import { downgraded, MechanismError, otherChannel, unproven } from "./errors.ts";
import { type Mechanism, type Strength, tooManyChallenges } from "./mechanism.ts";
import type { PasswordOptions } from "./plain.ts";
import { saslprep } from "./saslprep.ts";
import {
  escapeName,
  type IterationLimits,
  parseServerFinal,
  parseServerFirst,
  type ServerFirst,
} from "./scram-message.ts";
import { proofOf, type ScramHash } from "./scram-proof.ts";
import { assertText, assertUser, reveal } from "./secret.ts";

/** What a caller may want otherwise. */
export interface ScramSettings {
  /** Fewer are refused. 4,096: RFC 5802 5.1 and RFC 7677 4. */
  readonly minimumIterations?: number | undefined;
  /** More are refused, because they run on our CPU. 2,000,000: a second or so; 600,000 are a lot. */
  readonly maximumIterations?: number | undefined;
  /** Makes of a name or password what was stored of it. Default: `saslprep`. */
  readonly prepare?: ((text: string, what: string) => string) | undefined;
}

export interface ScramOptions extends PasswordOptions, ScramSettings {
  /** Binds to the TLS connection: this is then the -PLUS mechanism. */
  readonly channelBinding?: ChannelBinding | undefined;
  /** We could bind, but the server offers no -PLUS: one that did is then told that someone hid it. */
  readonly isBindingMissed?: boolean | undefined;
  /** For tests: what is random otherwise. */
  readonly nonce?: string | undefined;
}

const defaultIterations: IterationLimits = { minimumIterations: 4_096, maximumIterations: 2_000_000 };

// RFC 5802 7: those that say that it won't do in this way. All others are about who we are, or the server's trouble.
const ABOUT_MECHANISM = new Set([
  "channel-binding-not-supported",
  "unsupported-channel-binding-type",
  "extensions-not-supported",
  "invalid-encoding",
]);

/** SCRAM with one of its hashes. Whoever gives a channel binding gets -PLUS. */
export function scram(hash: ScramHash, options: ScramOptions): Mechanism {
  return new Scram(hash, options);
}

/** What has to come next; what is needed for it. */
type Stage =
  | { readonly at: "start" | "over" | "proved" }
  | { readonly at: "question"; readonly nonce: string; readonly bare: string; readonly password: string }
  | { readonly at: "answer"; readonly serverSignature: Uint8Array };

class Scram implements Mechanism {
  readonly name: string;
  readonly strength: Strength;
  readonly isPlaintextEquivalent = false;
  failure: MechanismError | undefined;
  readonly #hash: ScramHash;
  readonly #options: ScramOptions;
  readonly #limits: IterationLimits;
  #stage: Stage = { at: "start" };

  constructor(hash: ScramHash, options: ScramOptions) {
    const suffix = options.channelBinding === undefined ? "" : "-PLUS";
    this.name = `SCRAM-${hash}${suffix}`;
    this.strength = STRENGTHS[`${hash}${suffix}`];
    this.#hash = hash;
    this.#options = options;
    this.#limits = limitsOf(options);
  }

  /** RFC 5802 7, gs2-header. */
  get #header(): string {
    const { channelBinding, isBindingMissed, authzid } = this.#options;
    const unbound = isBindingMissed === true ? "y" : "n";
    const flag = channelBinding === undefined ? unbound : `p=${channelBinding.type}`;
    const name = authzid === undefined || authzid === "" ? "" : `a=${escapeName("the authzid", authzid)}`;
    return `${flag},${name},`;
  }

  async start(): Promise<Uint8Array> {
    const { user, password, nonce = randomBytes(24).toString("base64") } = this.#options;
    this.failure = undefined;
    this.#stage = { at: "start" };
    assertUser(user);
    if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) {
      throw new ArgumentError("the nonce must be printable, without commas");
    }
    const bare = `n=${escapeName("the user", this.#prepare(user, "the user"))},r=${nonce}`;
    const header = this.#header;
    // Now and not when it is needed: behind an ArgumentError of ours nothing was sent.
    const secret = this.#prepare(await reveal("the password", password), "the password");
    this.#stage = { at: "question", nonce, bare, password: secret };
    return Buffer.from(`${header}${bare}`, "utf8");
  }

  #prepare(text: string, what: string): string {
    const { prepare = saslprep } = this.#options;
    const prepared = prepare(text, what);
    assertText(what, prepared);
    return prepared;
  }

  async next(challenge: Uint8Array): Promise<Uint8Array> {
    const stage = this.#stage;
    this.#stage = { at: "over" };
    switch (stage.at) {
      case "question": {
        const answer = parseServerFirst(challenge, stage.nonce, this.#limits);
        if ("refusal" in answer) return this.#refused(answer.refusal);
        return this.#prove(stage.bare, stage.password, answer, Buffer.from(challenge).toString("utf8"));
      }
      case "answer":
        this.#verify(challenge, stage.serverSignature);
        return Buffer.alloc(0);
      default:
        throw tooManyChallenges(this.name);
    }
  }

  async #prove(bare: string, password: string, question: ServerFirst, text: string): Promise<Uint8Array> {
    const { channelBinding } = this.#options;
    const header = Buffer.from(this.#header, "utf8");
    const bound = Buffer.concat([header, channelBinding?.data ?? Buffer.alloc(0)]);
    const withoutProof = `c=${encodeBase64(bound)},r=${question.nonce}`;
    const authMessage = `${bare},${text},${withoutProof}`;
    const { proof, serverSignature } = await proofOf(this.#hash, password, question, authMessage);
    this.#stage = { at: "answer", serverSignature };
    return Buffer.from(`${withoutProof},p=${encodeBase64(proof)}`, "utf8");
  }

  done(data: Uint8Array | undefined): void {
    const stage = this.#stage;
    if (stage.at === "answer" && data !== undefined && data.length > 0) {
      this.#verify(data, stage.serverSignature);
    }
    if (this.#stage.at !== "proved") {
      throw unproven("the server says that we are in, but has not proved that it knows the password");
    }
  }

  #verify(message: Uint8Array, expected: Uint8Array): void {
    const answer = parseServerFinal(message);
    if ("refusal" in answer) {
      this.#refused(answer.refusal);
      return;
    }
    const { signature } = answer;
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw unproven("the server does not know the password: its SCRAM signature is wrong");
    }
    this.#stage = { at: "proved" };
  }

  /** The server has yet to say so in the protocol's own way; until then there is nothing to answer. */
  #refused(reason: string): Uint8Array {
    const { channelBinding, isBindingMissed } = this.#options;
    if (reason === "channel-bindings-dont-match" && channelBinding !== undefined) {
      throw otherChannel(
        "the server sees another TLS connection than we do: someone is in between, perhaps a proxy that ends TLS",
      );
    }
    if (reason === "server-does-support-channel-binding" && isBindingMissed === true) {
      throw downgraded(
        "the server offers channel binding, but someone in between removed it from its list of mechanisms",
      );
    }
    this.failure = new MechanismError(`the server refused ${this.name}: ${reason}`, {
      mechanism: this.name,
      reason,
      isAboutMechanism: ABOUT_MECHANISM.has(reason),
    });
    return Buffer.alloc(0);
  }
}

const STRENGTHS = {
  "SHA-1": "scram-sha-1",
  "SHA-1-PLUS": "scram-sha-1-plus",
  "SHA-256": "scram-sha-256",
  "SHA-256-PLUS": "scram-sha-256-plus",
  "SHA-512": "scram-sha-512",
  "SHA-512-PLUS": "scram-sha-512-plus",
} as const;

function limitsOf({
  minimumIterations = defaultIterations.minimumIterations,
  maximumIterations = defaultIterations.maximumIterations,
}: ScramSettings): IterationLimits {
  for (const [name, value] of Object.entries({ minimumIterations, maximumIterations })) {
    // As many as PBKDF2 takes in Node.
    if (!Number.isSafeInteger(value) || value < 1 || value > 0x7f_ff_ff_ff) {
      throw new ArgumentError(`${name} must be a whole number from 1 to 2147483647`);
    }
  }
  return { minimumIterations, maximumIterations };
}
