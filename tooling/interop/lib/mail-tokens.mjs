// Tokens for XOAUTH2 and OAUTHBEARER, which a server checks without asking anybody (RFC 7519).
import { createHmac, randomBytes } from "node:crypto";

const lifeSeconds = 3600;

/** What the server has to know. */
export const tokenSecret = randomBytes(32);

const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token with which this user logs in, or one of somebody who has another secret. */
export function tokenFor(user, secret = tokenSecret) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ sub: user, iat: now, exp: now + lifeSeconds })}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
