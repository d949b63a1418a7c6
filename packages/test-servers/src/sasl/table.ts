// The mechanisms by their names, and what else a server has to know of them.
import { oauthBearer, xoauth2 } from "./bearer.ts";
import { anonymous, external } from "./external.ts";
import type { ServerMechanism } from "./mechanism.ts";
import { cramMd5, login, plain } from "./password.ts";
import { scram } from "./scram.ts";

const sha1 = { name: "SCRAM-SHA-1", digest: "sha1", size: 20 } as const;
const sha256 = { name: "SCRAM-SHA-256", digest: "sha256", size: 32 } as const;

export const mechanisms: ReadonlyMap<string, ServerMechanism> = new Map([
  ["PLAIN", plain],
  ["LOGIN", login],
  ["CRAM-MD5", cramMd5],
  ["SCRAM-SHA-1", scram(sha1, false)],
  ["SCRAM-SHA-1-PLUS", scram(sha1, true)],
  ["SCRAM-SHA-256", scram(sha256, false)],
  ["SCRAM-SHA-256-PLUS", scram(sha256, true)],
  ["XOAUTH2", xoauth2],
  ["OAUTHBEARER", oauthBearer],
  ["EXTERNAL", external],
  ["ANONYMOUS", anonymous],
]);

/** Those in which the server speaks first: they have no initial response. */
export const serverFirst: ReadonlySet<string> = new Set(["CRAM-MD5"]);

/** Those that show or prove a password or a token, as servers offer them. */
export const COMMON = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER";
/** With channel binding (RFC 5802 6). */
export const BOUND = "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS";
