// The server's side of SCRAM-SHA-256 (RFC 7677) for one user, in the lines of SMTP, to be told the truth or lies.
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import type { Smtp } from "./scripted-smtp.ts";

const salt = Buffer.from("sixteen bytes of");
const iterations = 4_096;

export const scramUser = { user: "user", password: "pencil" };

function hmac(key: Uint8Array, text: Uint8Array | string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** A challenge as SMTP sends it. */
export function challenge(text: string): string {
  return `334 ${Buffer.from(text).toString("base64")}`;
}

function decoded(line: string): string {
  return Buffer.from(line, "base64").toString();
}

/** What becomes of the server's messages on their way. */
export interface Tampering {
  readonly first?: (message: string) => string;
  readonly final?: (message: string) => string;
}

/** Expects AUTH, and has our first message; the client's answer is still to come. */
export async function scramFirst(
  smtp: Smtp,
  first = (message: string): string => message,
): Promise<string[]> {
  const line = await smtp.expect(/^AUTH SCRAM-SHA-256 /);
  const bare = decoded(line.split(" ")[2] ?? "").replace(/^[nyp][^,]*,[^,]*,/, "");
  const nonce = /r=([^,]+)/.exec(bare)?.[1] ?? "";
  const message = first(`r=${nonce}server,s=${salt.toString("base64")},i=${iterations}`);
  await smtp.say(challenge(message));
  return [bare, message];
}

/** The whole exchange up to the server's proof, which the client has yet to answer. Throws if the proof of the client is wrong. */
export async function scramServer(
  smtp: Smtp,
  { first, final = (message) => message }: Tampering = {},
): Promise<void> {
  const [bare, message] = await scramFirst(smtp, first);
  const answer = decoded(await smtp.peer.readLine());
  const [withoutProof = "", proof = ""] = answer.split(",p=");
  const salted = pbkdf2Sync(scramUser.password, salt, iterations, 32, "sha256");
  const authMessage = `${bare},${message},${withoutProof}`;
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  const signature = hmac(storedKey, authMessage);
  const key = Buffer.from(proof, "base64").map((byte, at) => byte ^ (signature[at] ?? 0));
  if (!createHash("sha256").update(key).digest().equals(storedKey))
    throw new Error("the client's proof is wrong");
  const proved = hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
  await smtp.say(challenge(final(`v=${proved}`)));
}
