// What a test can let the server say and do instead of the right thing.
import type { Ending } from "../ending.ts";
import type { Pop3ServerSession } from "./view.ts";

/** Where bytes of the server's output count from: this reply, or the beginning of the session. Default `reply`. */
type Origin = "reply" | "session";

/** What happens when so many bytes are sent: the server stalls, or the connection ends, or the one and then the other. */
export interface OutputCut {
  readonly after: number;
  readonly from?: Origin | undefined;
  /** Nothing more is sent before that. */
  readonly wait?: PromiseLike<unknown> | undefined;
  /** Default: `end`; with `wait` the session then goes on. */
  readonly end?: Ending | undefined;
}

/** Where the output is taken apart. */
export interface OutputSplit {
  /** Behind so many bytes each: what comes next is written a turn of the event loop later. */
  readonly at: readonly number[];
  readonly from?: Origin | undefined;
}

/** What the server does wrong with one command; what is not set it does right. */
export interface Pop3Fault {
  /** Stands for the reply: lines without their ends, with the dot where there is to be one. Null: nothing. */
  readonly reply?: string | readonly string[] | null | undefined;
  /** Sent behind the reply as it is. */
  readonly raw?: string | Uint8Array | undefined;
  /** The command is not done, only answered. */
  readonly skip?: boolean | undefined;
  /** Of what is sent from this reply on. */
  readonly cut?: OutputCut | undefined;
  readonly split?: OutputSplit | undefined;
  /** Nothing more is said in this session; what comes is still read. */
  readonly stall?: boolean | undefined;
  /** Ends the connection behind the reply. */
  readonly end?: Ending | undefined;
}

/**
 * A text is the reply, LF between its lines: with `+` in front the command is done, else only answered. `drop` and
 * `reset`: the connection ends instead. `stall`: nothing more is said.
 */
export type Pop3Answer = string | Pop3Fault | undefined;

/** Asked about each command before it is done, and about `CONNECT`, the greeting, and `SASL`, a response to AUTH. */
export type Pop3Hook = (
  verb: string,
  line: string,
  session: Pop3ServerSession,
) => Pop3Answer | void | PromiseLike<Pop3Answer | void>;

const SPECIAL: ReadonlyMap<string, Pop3Fault> = new Map([
  ["drop", { reply: null, skip: true, end: "end" }],
  ["reset", { reply: null, skip: true, end: "reset" }],
  ["stall", { reply: null, skip: true, stall: true }],
]);

/** The fault that is meant by an answer of the hook. */
export function faultOf(answer: Pop3Answer | void): Pop3Fault {
  const fault = typeof answer === "string" ? (SPECIAL.get(answer) ?? { reply: answer }) : (answer ?? {});
  const { reply, skip } = fault;
  if (reply === undefined || reply === null) return fault;
  const text = typeof reply === "string" ? reply : reply.join("\n");
  return { ...fault, skip: skip ?? !/^\s*\+/.test(text) };
}
