// SCRAM as the server (RFC 5802, RFC 7677), with channel binding over TLS (RFC 5929, RFC 9266).
import { createHash, createHmac, pbkdf2, randomBytes, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import { type Exchange, firstOf, isSame, passwordOf, type ServerMechanism } from "./mechanism.ts";

const derive = promisify(pbkdf2);

const DEFAULT_ITERATIONS = 4_096;

// RFC 5802 7.
const FIRST = /^(?:([ny])|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,(n=([^,]+),r=([!-+\--~]+))$/;
const FINAL = /^(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)),p=([A-Za-z0-9+/=]+)$/;

interface Hash {
  readonly name: string;
  readonly digest: "sha1" | "sha256";
  readonly size: number;
}

/** What binds to this TLS connection; undefined: there is no such binding here. */
function bindingData(type: string, { tls, options }: Exchange): Buffer | undefined {
  if (tls === undefined) return undefined;
  if (type === "tls-exporter")
    return tls.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
  const cert = options.tls?.cert;
  if (type !== "tls-server-end-point" || (typeof cert !== "string" && !Buffer.isBuffer(cert)))
    return undefined;
  // The certificates of the tests are signed with SHA-256.
  return createHash("sha256").update(new X509Certificate(cert).raw).digest();
}

function unescape(name: string): string {
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

/** Says what is wrong in SCRAM's own way, and has that acknowledged. */
async function refuse({ ask }: Exchange, reason: string): Promise<undefined> {
  await ask(Buffer.from(`e=${reason}`));
  return undefined;
}

/** Whether both sides have the same idea of channel binding; else the reason for saying no. */
function bindingTrouble(exchange: Exchange, name: string, isPlus: boolean, flag: string): string | undefined {
  if (isPlus !== (flag === "p")) return "channel-binding-not-supported";
  const offersPlus = exchange.offered.includes(`${name}-PLUS`);
  return flag === "y" && offersPlus ? "server-does-support-channel-binding" : undefined;
}

export function scram(hash: Hash, isPlus: boolean): ServerMechanism {
  const { name, digest, size } = hash;
  const hmac = (key: Uint8Array, text: string): Buffer => createHmac(digest, key).update(text).digest();
  return async (exchange) => {
    const first = (await firstOf(exchange)).toString("utf8");
    const [whole, unbound, type, authzid, bare = "", escaped = "", clientNonce = ""] =
      FIRST.exec(first) ?? [];
    if (whole === undefined) throw exchange.wrong("That is no first message of SCRAM.");
    const trouble = bindingTrouble(exchange, name, isPlus, unbound ?? "p");
    if (trouble !== undefined) return refuse(exchange, trouble);
    const data = type === undefined ? Buffer.alloc(0) : bindingData(type, exchange);
    if (data === undefined) return refuse(exchange, "unsupported-channel-binding-type");
    const user = unescape(escaped);
    // Who is unknown learns it no sooner than who has the wrong password.
    const password = passwordOf(exchange, user) ?? randomBytes(16).toString("hex");
    const { iterations = DEFAULT_ITERATIONS } = exchange.options;
    const salt = randomBytes(16);
    const nonce = `${clientNonce}${randomBytes(12).toString("base64")}`;
    const challenge = `r=${nonce},s=${salt.toString("base64")},i=${iterations}`;
    const salted = await derive(password, salt, iterations, size, digest);
    const final = (await exchange.ask(Buffer.from(challenge))).toString("utf8");
    const [, withoutProof = "", binding = "", echoed, proof = ""] = FINAL.exec(final) ?? [];
    if (echoed !== nonce) throw exchange.wrong("That is no final message of SCRAM to this nonce.");
    const header = first.slice(0, first.length - bare.length);
    const bound = Buffer.concat([Buffer.from(header), data]);
    if (!isSame(bound, Buffer.from(binding, "base64")))
      return refuse(exchange, "channel-bindings-dont-match");
    const authMessage = `${bare},${challenge},${withoutProof}`;
    const storedKey = createHash(digest).update(hmac(salted, "Client Key")).digest();
    const signature = hmac(storedKey, authMessage);
    const clientKey = Buffer.from(proof, "base64").map((byte, at) => byte ^ (signature[at] ?? 0));
    if (!isSame(createHash(digest).update(clientKey).digest(), storedKey)) {
      return refuse(exchange, "invalid-proof");
    }
    if (authzid !== undefined && unescape(authzid) !== user) return refuse(exchange, "other-error");
    const verifier = hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
    // RFC 4954 4, RFC 5034 4: nothing can come with the success.
    const acknowledgement = await exchange.ask(Buffer.from(`v=${verifier}`));
    if (acknowledgement.length > 0) throw exchange.wrong("Nothing is left to be said.");
    return user;
  };
}
