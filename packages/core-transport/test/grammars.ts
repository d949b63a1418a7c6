// Toy protocols for the tests of the pipeline, and a session with a scripted server that speaks one of them.
import { setImmediate as tick } from "node:timers/promises";
import { type Script, type ScriptedPeer, type ScriptedServer, scriptedServer } from "@netcli/test-kit";
import { afterAll, expect } from "vitest";
import {
  type Body,
  type CodeReply,
  commandLine,
  connect,
  type Connection,
  type ConnectOptions,
  parseCode,
  ProtocolError,
  type Reply,
  ReplyPipeline,
  type ReplyGrammar,
} from "../src/index.ts";

function codeReply(lines: readonly string[]): CodeReply {
  return { code: parseCode(lines[0] ?? ""), lines, text: lines.map((each) => each.slice(4)).join("\n") };
}

/** Three digits, "250-" before the last line, 1yz before the final reply, 421 before the end. */
export const codes: ReplyGrammar<CodeReply> = {
  isLast(next, first) {
    if (parseCode(next) !== parseCode(first)) throw new ProtocolError(`${next} does not go with ${first}`);
    return next[3] !== "-";
  },
  parse: codeReply,
  isPreliminary: ({ code }) => code < 200,
  isClosing: ({ code }) => code === 421,
};

/** One line of three digits and a text, as in NNTP; 400 before the end. */
export const singleLines: ReplyGrammar<CodeReply> = {
  isLast: () => true,
  parse: codeReply,
  isClosing: ({ code }) => code === 400,
};

export interface StatusReply extends Reply {
  readonly ok: boolean;
}

/** "+OK" or "-ERR", as in POP3. */
export const signs: ReplyGrammar<StatusReply> = {
  isLast: () => true,
  parse(lines) {
    const [, sign, text = ""] = /^(\+OK|-ERR)(?: (.*))?$/.exec(lines[0] ?? "") ?? [];
    if (sign === undefined) throw new ProtocolError(`neither +OK nor -ERR: ${lines[0]}`);
    return { ok: sign === "+OK", lines, text };
  },
};

/** `commandLine` for a whole line. */
export function line(text: string): ReturnType<typeof commandLine> {
  return commandLine(text);
}

/** Options of a command that a block follows if the server agrees. */
export const withBlock = { hasBlock: (reply: StatusReply): boolean => reply.ok };

export function textOf(block: Body | undefined): Promise<string> {
  if (block === undefined) throw new Error("there is no block");
  return block.text();
}

export interface Session<R extends Reply> extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly connection: Connection;
  readonly pipeline: ReplyPipeline<R>;
}

/** Disposing it cuts the connection and fails if the script failed. */
export async function session<R extends Reply>(
  grammar: ReplyGrammar<R>,
  script: Script,
  options: ConnectOptions = {},
): Promise<Session<R>> {
  const server = await scriptedServer(script);
  const connection = await connect({ host: server.host, port: server.port, ...options });
  return {
    server,
    connection,
    pipeline: new ReplyPipeline(connection, grammar),
    async [Symbol.asyncDispose]() {
      connection.destroy();
      await server.close();
    },
  };
}

/** How a promise ended: its value, or its error. */
export function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

/** Fails the test file if a promise is rejected that nobody handles. */
export function refuseUnhandled(): void {
  const reasons: unknown[] = [];
  const listener = (reason: unknown): void => void reasons.push(reason);
  process.on("unhandledRejection", listener);
  afterAll(async () => {
    await tick();
    process.off("unhandledRejection", listener);
    expect(reasons).toEqual([]);
  });
}

/** Answers each line with "250 " and itself until the client goes. */
export async function echo(peer: ScriptedPeer): Promise<void> {
  for (;;) {
    const command = await peer.readLine().catch(() => undefined);
    if (command === undefined) return;
    await peer.send(`250 ${command}\r\n`);
  }
}
