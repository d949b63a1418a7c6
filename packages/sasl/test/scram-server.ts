// The server's side of SCRAM, written for itself from RFC 5802: what the client is tested against.
import { createHash, createHmac } from "node:crypto";
import type { ScramHash } from "../src/index.ts";

export interface ScramServerOptions {
  readonly hash?: ScramHash;
  readonly user?: string;
  readonly password?: string;
  readonly salt?: Buffer;
  readonly iterations?: number;
  readonly nonce?: string;
  /** The mechanism that the client has begun is -PLUS. */
  readonly isPlus?: boolean;
  /** -PLUS was on the list that the server sent. */
  readonly offersPlus?: boolean;
  /** The server's own view of the TLS connection. */
  readonly bindings?: Readonly<Record<string, Uint8Array>>;
}

const DIGESTS = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512" } as const;

export class ScramServer {
  /** Who is in, and as whom. */
  authenticated: { readonly user: string; readonly authzid: string } | undefined;
  readonly #options: ScramServerOptions;
  #header = "";
  #bare = "";
  #first = "";
  #nonce = "";
  #authzid = "";

  constructor(options: ScramServerOptions = {}) {
    this.#options = options;
  }

  #hmac(key: Uint8Array, text: Uint8Array | string): Buffer {
    return createHmac(DIGESTS[this.#options.hash ?? "SHA-256"], key)
      .update(text)
      .digest();
  }

  /** RFC 5802 2.2, Hi(): the loop itself. */
  #saltedPassword(salt: Buffer, iterations: number): Buffer {
    const password = Buffer.from(this.#options.password ?? "pencil");
    let block = this.#hmac(password, Buffer.concat([salt, Buffer.from([0, 0, 0, 1])]));
    const result = Buffer.from(block);
    for (let round = 1; round < iterations; round += 1) {
      block = this.#hmac(password, block);
      for (const [at, byte] of block.entries()) result[at] = (result[at] ?? 0) ^ byte;
    }
    return result;
  }

  /** Answers client-first-message. */
  first(message: string): string {
    const { user = "user", isPlus = false, offersPlus = isPlus, bindings = {} } = this.#options;
    const parts = /^((?:([ny])|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,)(n=([^,]+),r=([!-+\--~]+))$/.exec(message);
    if (parts === null) return "e=invalid-encoding";
    const [, header = "", flag, type, authzid = "", bare = "", name = "", nonce = ""] = parts;
    if (flag === "y" && offersPlus) return "e=server-does-support-channel-binding";
    if ((type !== undefined) !== isPlus) return "e=channel-binding-not-supported";
    if (type !== undefined && bindings[type] === undefined) return "e=unsupported-channel-binding-type";
    if (unescape(name) !== user) return "e=unknown-user";
    this.#header = header;
    this.#bare = bare;
    this.#authzid = unescape(authzid);
    this.#nonce = `${nonce}${this.#options.nonce ?? "server's+own/part"}`;
    const { salt = Buffer.from("sixteen bytes of"), iterations = 4096 } = this.#options;
    this.#first = `r=${this.#nonce},s=${salt.toString("base64")},i=${iterations}`;
    return this.#first;
  }

  /** Answers client-final-message. */
  final(message: string): string {
    const { hash = "SHA-256", user = "user", bindings = {} } = this.#options;
    const { salt = Buffer.from("sixteen bytes of"), iterations = 4096 } = this.#options;
    const parts = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(message);
    if (parts === null) return "e=invalid-encoding";
    const [, withoutProof = "", channel = "", nonce = "", proof = ""] = parts;
    if (nonce !== this.#nonce) return "e=other-error";
    const type = /^p=([^,]+)/.exec(this.#header)?.[1] ?? "";
    const bound = Buffer.concat([Buffer.from(this.#header), bindings[type] ?? Buffer.alloc(0)]);
    if (channel !== bound.toString("base64")) return "e=channel-bindings-dont-match";
    const salted = this.#saltedPassword(salt, iterations);
    const digest = (bytes: Uint8Array): Buffer => createHash(DIGESTS[hash]).update(bytes).digest();
    const storedKey = digest(this.#hmac(salted, "Client Key"));
    const authMessage = `${this.#bare},${this.#first},${withoutProof}`;
    const signature = this.#hmac(storedKey, authMessage);
    const clientKey = Buffer.from(proof, "base64").map((byte, at) => byte ^ (signature[at] ?? 0));
    if (!digest(clientKey).equals(storedKey)) return "e=invalid-proof";
    this.authenticated = { user, authzid: this.#authzid };
    return `v=${this.#hmac(this.#hmac(salted, "Server Key"), authMessage).toString("base64")}`;
  }
}

function unescape(name: string): string {
  if (/=(?!2C|3D)/.test(name)) throw new Error(`not a saslname: ${name}`);
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}
