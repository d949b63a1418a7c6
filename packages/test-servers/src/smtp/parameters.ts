// The parameters of MAIL and RCPT (RFC 5321 4.1.1.11), and the extensions that they belong to.
import type { Extensions } from "./extensions.ts";

interface Parameter {
  /** It is known where one of these is offered. */
  readonly extensions: readonly string[];
  /** Undefined: it has no value. */
  readonly value?: RegExp;
  /** What it may add to the length of the command, in octets. */
  readonly length: number;
}

type Parameters = ReadonlyMap<string, Parameter>;

// RFC 3461 4.
const XTEXT = "(?:[!-*,-<>-~]|\\+[0-9A-F]{2})";
const DATE = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`;

const mail: Parameters = new Map<string, Parameter>([
  ["SIZE", { extensions: ["SIZE"], value: /^\d{1,20}$/, length: 26 }],
  ["BODY", { extensions: ["8BITMIME", "BINARYMIME"], value: /^(?:7BIT|8BITMIME|BINARYMIME)$/i, length: 17 }],
  ["SMTPUTF8", { extensions: ["SMTPUTF8"], length: 10 }],
  ["RET", { extensions: ["DSN"], value: /^(?:FULL|HDRS)$/i, length: 9 }],
  ["ENVID", { extensions: ["DSN"], value: new RegExp(`^${XTEXT}{1,100}$`), length: 107 }],
  ["AUTH", { extensions: ["AUTH"], value: new RegExp(`^(?:<>|${XTEXT}+)$`), length: 500 }],
  ["REQUIRETLS", { extensions: ["REQUIRETLS"], length: 11 }],
  // RFC 2852 4: with R a time has to be left.
  ["BY", { extensions: ["DELIVERBY"], value: /^(?:0*[1-9]\d{0,8};R|[+-]?\d{1,9};N)T?$/i, length: 17 }],
  ["HOLDFOR", { extensions: ["FUTURERELEASE"], value: /^0*[1-9]\d{0,8}$/, length: 34 }],
  ["HOLDUNTIL", { extensions: ["FUTURERELEASE"], value: new RegExp(`^${DATE}$`), length: 34 }],
  ["MT-PRIORITY", { extensions: ["MT-PRIORITY"], value: /^[+-]?\d$/, length: 15 }],
]);

const rcpt: Parameters = new Map<string, Parameter>([
  [
    "NOTIFY",
    {
      extensions: ["DSN"],
      value: /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})$/i,
      length: 28,
    },
  ],
  // RFC 6533 3: addresses in UTF-8 may stand for themselves where the message may have some.
  [
    "ORCPT",
    {
      extensions: ["DSN"],
      value: new RegExp(
        `^(?:[a-z0-9-]+;${XTEXT}+|utf-8;(?:[^\\0- \\x7f=+\\\\]|\\\\x\\{[0-9A-F]+\\})+)$`,
        "i",
      ),
      length: 472,
    },
  ],
]);

const commands = { MAIL: mail, RCPT: rcpt } as const;

/** Octets of a command line with its end (RFC 5321 4.5.3.1.4), with what the extensions add. */
const SHORT = 512;
// RFC 4954 4.
const LONGEST_AUTH = 12_288;

export function longestLine(verb: string, extensions: Extensions): number {
  if (verb === "AUTH") return LONGEST_AUTH;
  if (verb !== "MAIL" && verb !== "RCPT") return SHORT;
  const added = [...commands[verb].values()].filter((one) => isOffered(one, extensions));
  return added.reduce((sum, { length }) => sum + length, SHORT);
}

function isOffered({ extensions }: Parameter, offered: Extensions): boolean {
  return extensions.some((keyword) => offered.has(keyword));
}

export type ParsedParameters =
  | { readonly params: Record<string, string | true> }
  /** What the client is told. */
  | { readonly wrong: string };

/** Reads the parameters of a command, separated by one space each. */
export function readParameters(verb: "MAIL" | "RCPT", text: string, offered: Extensions): ParsedParameters {
  const params: Record<string, string | true> = {};
  for (const word of text === "" ? [] : text.split(" ")) {
    const [whole, keyword = "", value] = /^([a-z0-9][a-z0-9-]*)(?:=([^\0- =\x7f]+))?$/i.exec(word) ?? [];
    if (whole === undefined) return { wrong: `501 5.5.4 "${word}" is no parameter.` };
    const name = keyword.toUpperCase();
    const parameter = commands[verb].get(name);
    if (parameter === undefined) return { wrong: `555 5.5.4 ${name} is not known.` };
    if (!isOffered(parameter, offered)) return { wrong: `555 5.5.4 ${name} was not offered.` };
    if (Object.hasOwn(params, name)) return { wrong: `501 5.5.4 ${name} is there twice.` };
    const isRight = parameter.value === undefined ? value === undefined : parameter.value.test(value ?? "");
    if (!isRight) return { wrong: `501 5.5.4 ${name} can't be that.` };
    params[name] = value ?? true;
  }
  if (params["HOLDFOR"] !== undefined && params["HOLDUNTIL"] !== undefined) {
    return { wrong: "501 5.5.4 HOLDFOR and HOLDUNTIL don't go together." };
  }
  return { params };
}
