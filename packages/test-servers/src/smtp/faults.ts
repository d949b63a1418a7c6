// What a test can let the server say and do instead of the right thing.
import type { Ending } from "../ending.ts";
import type { EsmtpServerSession } from "./view.ts";

/** What happens when so many bytes of a message (of the chunk, with BDAT) are there. */
export interface ContentFault {
  readonly after: number;
  /** No more is received before that. */
  readonly wait?: PromiseLike<unknown> | undefined;
  /** Said in the middle of the content, and nothing then behind it: the message is refused. */
  readonly reply?: string | readonly string[] | undefined;
  readonly end?: Ending | undefined;
}

/** What the server does wrong with one command; what is not set it does right. */
export interface EsmtpFault {
  /** Stands for the reply: lines without their ends. Null: nothing. */
  readonly reply?: string | readonly string[] | null | undefined;
  /** Sent behind the reply as it is. */
  readonly raw?: string | Uint8Array | undefined;
  /** The command is not done, only answered. */
  readonly skip?: boolean | undefined;
  /** For DATA and BDAT. */
  readonly content?: ContentFault | undefined;
  /** Nothing more is said in this session; what comes is still read. */
  readonly stall?: boolean | undefined;
  /** Ends the connection behind the reply. */
  readonly end?: Ending | undefined;
}

/**
 * A text is the reply, LF between its lines: with 2yz or 3yz the command is done, else only answered; behind 421 the
 * connection ends. `drop` and `reset`: the connection ends instead. `stall`: nothing more is said.
 */
export type EsmtpAnswer = string | EsmtpFault | undefined;

/**
 * Asked about each command before it is done. Other verbs: `CONNECT` for the greeting; `SASL` for each response to
 * AUTH; `.` for a message that is there whole, with LMTP for each recipient of it, whose address is then the line.
 */
export type EsmtpHook = (
  verb: string,
  line: string,
  session: EsmtpServerSession,
) => EsmtpAnswer | void | PromiseLike<EsmtpAnswer | void>;

const SPECIAL: ReadonlyMap<string, EsmtpFault> = new Map([
  ["drop", { reply: null, skip: true, end: "end" }],
  ["reset", { reply: null, skip: true, end: "reset" }],
  ["stall", { reply: null, skip: true, stall: true }],
]);

function codeOf(reply: string | readonly string[]): number {
  return Number((typeof reply === "string" ? reply : (reply[0] ?? "")).slice(0, 3));
}

/** The fault that is meant by an answer of the hook. */
export function faultOf(answer: EsmtpAnswer | void): EsmtpFault {
  const fault = typeof answer === "string" ? (SPECIAL.get(answer) ?? { reply: answer }) : (answer ?? {});
  const { reply, skip, end } = fault;
  if (reply === undefined || reply === null) return fault;
  const code = codeOf(reply);
  return { ...fault, skip: skip ?? code >= 400, end: end ?? (code === 421 ? "end" : undefined) };
}
