// OAuth 2.0 tokens: OAUTHBEARER (RFC 7628) and XOAUTH2, which Google had before it. Both refuse in two steps: the
// server says why in JSON, we answer with what means nothing, and only then it says no.
import { ArgumentError, ProtocolError } from "@netcli/core-transport";
import { MechanismError } from "./errors.ts";
import { type Mechanism, tooManyChallenges } from "./mechanism.ts";
import { escapeName } from "./scram-message.ts";
import { assertText, reveal, type Secret } from "./secret.ts";

export interface BearerOptions {
  /** Whose account; servers that read it in the token need none for OAUTHBEARER. */
  readonly user?: string | undefined;
  readonly token: Secret;
}

export interface OauthBearerOptions extends BearerOptions {
  /** Where we have connected to, for servers that compare (RFC 7628 3.1). */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

export function oauthBearer({ user, token, host, port }: OauthBearerOptions): Mechanism {
  const dummy = Buffer.from("\u0001");
  return new Bearer("OAUTHBEARER", token, dummy, (secret) => {
    const fields = [`n,${user === undefined ? "" : `a=${escapeName("the user", user)}`},`];
    if (host !== undefined) fields.push(`host=${host}`);
    if (port !== undefined) fields.push(`port=${port}`);
    return [...fields, `auth=Bearer ${secret}`];
  });
}

export function xoauth2({ user, token }: BearerOptions): Mechanism {
  return new Bearer("XOAUTH2", token, Buffer.alloc(0), (secret) => {
    if (user === undefined || user === "") throw new ArgumentError("XOAUTH2 needs a user; nothing was sent");
    return [`user=${user}`, `auth=Bearer ${secret}`];
  });
}

class Bearer implements Mechanism {
  readonly name: string;
  readonly strength = "plaintext";
  readonly isPlaintextEquivalent = true;
  failure: MechanismError | undefined;
  readonly #token: Secret;
  readonly #dummy: Uint8Array;
  readonly #fields: (token: string) => string[];
  #sent = "";

  constructor(name: string, token: Secret, dummy: Uint8Array, fields: (token: string) => string[]) {
    this.name = name;
    this.#token = token;
    this.#dummy = dummy;
    this.#fields = fields;
  }

  async start(): Promise<Uint8Array> {
    this.failure = undefined;
    const token = await reveal("the token", this.#token);
    // RFC 6749 A.12.
    if (!/^[\x20-\x7e]+$/.test(token)) {
      throw new ArgumentError("the token is empty or no token; nothing was sent");
    }
    const fields = this.#fields(token);
    for (const field of fields) {
      assertText(`a field of ${this.name}`, field);
      // It separates the fields.
      if (/\p{Cc}/u.test(field)) {
        throw new ArgumentError(`a field of ${this.name} contains a control character`);
      }
    }
    this.#sent = token;
    return Buffer.from(`${fields.join("\u0001")}\u0001\u0001`, "utf8");
  }

  next(challenge: Uint8Array): Uint8Array {
    if (this.failure !== undefined) throw tooManyChallenges(this.name);
    this.failure = this.#readFailure(challenge);
    return this.#dummy;
  }

  done(): void {
    if (this.failure !== undefined)
      throw new ProtocolError("the server accepted a token that it had refused");
  }

  #readFailure(challenge: Uint8Array): MechanismError {
    const said = parseObject(Buffer.from(challenge).toString("utf8"));
    const word = (name: string): string | undefined => {
      const value = said[name];
      // Printable, of one line, and not the token itself, which a server may repeat.
      const isFit = typeof value === "string" && /^[\x20-\x7e]{1,500}$/.test(value);
      return isFit && !value.includes(this.#sent) ? value : undefined;
    };
    const reason = word("status") ?? "unknown";
    const scope = word("scope");
    const needed = scope === undefined ? "" : `; it wants one with the scope ${scope}`;
    return new MechanismError(`the server refused the token (${reason})${needed}`, {
      mechanism: this.name,
      reason,
      scope,
      openidConfiguration: word("openid-configuration"),
    });
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    // What it says is for people; that it refuses is all that we need.
    return {};
  }
}
