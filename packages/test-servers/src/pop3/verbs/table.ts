// Which verb does what, and when it may be used.
import { auth } from "./auth.ts";
import { dele, last, list, retr, stat, top, uidl } from "./messages.ts";
import { apop, pass, user } from "./login.ts";
import { capa, lang, noop, quit, rset, stls, utf8 } from "./session.ts";
import type { VerbEntry } from "./verb.ts";

const NONE = /^$/;
const NUMBER = /^[1-9]\d{0,9}$/;
const PERHAPS_NUMBER = /^(?:[1-9]\d{0,9})?$/;

const AUTHORIZATION = "AUTHORIZATION";
const TRANSACTION = "TRANSACTION";

export const verbs: ReadonlyMap<string, VerbEntry> = new Map<string, VerbEntry>([
  [
    "APOP",
    {
      run: apop,
      state: AUTHORIZATION,
      isMissing: ({ timestamp }) => timestamp === "",
      argument: /^[^\s\0]+ [0-9a-f]{32}$/,
      usage: "APOP name digest",
      isUtf8: true,
    },
  ],
  [
    "AUTH",
    {
      run: auth,
      state: AUTHORIZATION,
      capability: "SASL",
      // RFC 5034 4.
      argument: /^[A-Z0-9_-]{1,20}(?: \S+)?$/i,
      usage: "AUTH mechanism, or AUTH mechanism response",
    },
  ],
  [
    "CAPA",
    {
      run: capa,
      isMissing: ({ shared }) => shared.options.quirks?.noCapa === true,
      argument: NONE,
      usage: "CAPA",
    },
  ],
  ["DELE", { run: dele, state: TRANSACTION, argument: NUMBER, usage: "DELE number" }],
  ["LANG", { run: lang, capability: "LANG", argument: /^\S*$/, usage: "LANG, or LANG tag" }],
  ["LAST", { run: last, state: TRANSACTION, argument: NONE, usage: "LAST" }],
  ["LIST", { run: list, state: TRANSACTION, argument: PERHAPS_NUMBER, usage: "LIST, or LIST number" }],
  ["NOOP", { run: noop, state: TRANSACTION, argument: NONE, usage: "NOOP" }],
  [
    "PASS",
    {
      run: pass,
      state: AUTHORIZATION,
      capability: "USER",
      argument: /^.+$/s,
      usage: "PASS password",
      isUtf8: true,
    },
  ],
  ["QUIT", { run: quit, argument: NONE, usage: "QUIT", isLast: true }],
  ["RETR", { run: retr, state: TRANSACTION, argument: NUMBER, usage: "RETR number" }],
  ["RSET", { run: rset, state: TRANSACTION, argument: NONE, usage: "RSET" }],
  ["STAT", { run: stat, state: TRANSACTION, argument: NONE, usage: "STAT" }],
  [
    "STLS",
    { run: stls, state: AUTHORIZATION, capability: "STLS", argument: NONE, usage: "STLS", isLast: true },
  ],
  [
    "TOP",
    {
      run: top,
      state: TRANSACTION,
      capability: "TOP",
      argument: /^[1-9]\d{0,9} \d{1,10}$/,
      usage: "TOP number lines",
    },
  ],
  [
    "UIDL",
    {
      run: uidl,
      state: TRANSACTION,
      capability: "UIDL",
      argument: PERHAPS_NUMBER,
      usage: "UIDL, or UIDL number",
    },
  ],
  [
    "USER",
    {
      run: user,
      state: AUTHORIZATION,
      capability: "USER",
      argument: /^[^\s\0]+$/,
      usage: "USER name",
      isUtf8: true,
    },
  ],
  ["UTF8", { run: utf8, state: AUTHORIZATION, capability: "UTF8", argument: NONE, usage: "UTF8" }],
]);
