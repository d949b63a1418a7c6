// Which verb does what, and when it may be used.
import { auth } from "./auth.ts";
import { bdat, data } from "./content.ts";
import { mail, rcpt } from "./envelope.ts";
import { ehlo, helo, lhlo, quit, rset } from "./greeting.ts";
import { expn, help, noop, vrfy } from "./information.ts";
import { starttls, xclient } from "./security.ts";
import type { VerbEntry } from "./verb.ts";

export const verbs: ReadonlyMap<string, VerbEntry> = new Map<string, VerbEntry>([
  ["AUTH", { run: auth, isExtension: true, argument: true, isLast: true }],
  ["BDAT", { run: bdat, isExtension: true, extension: "CHUNKING", argument: true }],
  ["DATA", { run: data, argument: false, isLast: true }],
  ["EHLO", { run: ehlo, hello: false, argument: true, isLast: true }],
  ["EXPN", { run: expn, isExtension: true, hello: false, argument: true, isLast: true, isUtf8: true }],
  ["HELO", { run: helo, hello: false, argument: true, isLast: true }],
  ["HELP", { run: help, hello: false, isLast: true }],
  ["LHLO", { run: lhlo, hello: false, argument: true, isLast: true }],
  ["MAIL", { run: mail, argument: true, isUtf8: true }],
  ["NOOP", { run: noop, hello: false, isLast: true }],
  ["QUIT", { run: quit, hello: false, argument: false, isLast: true }],
  ["RCPT", { run: rcpt, argument: true, isUtf8: true }],
  ["RSET", { run: rset, hello: false, argument: false }],
  ["STARTTLS", { run: starttls, isExtension: true, argument: false, isLast: true }],
  ["VRFY", { run: vrfy, hello: false, argument: true, isLast: true, isUtf8: true }],
  ["XCLIENT", { run: xclient, isExtension: true, argument: true, isLast: true }],
]);
