// The reply pipeline while all goes well: every reply reaches its command, however bytes and calls are cut.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setImmediate as turn } from "node:timers/promises";
import { inspect } from "node:util";
import { scriptedServer } from "@netcli/test-kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CodeReply,
  commandLine,
  connect,
  type Reply,
  ReplyPipeline,
  type TraceEvent,
} from "../src/index.ts";
import { codes, line, session, signs, singleLines, textOf } from "./grammars.ts";

// What a server says to one command, and whether the client knows that a block may follow.
interface Answer {
  readonly preliminaries: readonly string[];
  readonly lines: readonly string[];
  readonly block: readonly string[] | undefined;
  readonly mayBringBlock: boolean;
}

const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((value) => value.replaceAll(/[\r\n]/g, "?"));

const blockLine = fc.oneof(
  fc.constantFrom(
    "",
    ".",
    "..",
    ".x",
    "+OK 1",
    "-ERR no",
    "215 list",
    "250-a",
    "250 b",
    "421 bye",
    "\r",
    "\n",
  ),
  text,
);

const answer: fc.Arbitrary<Answer> = fc
  .record({
    preliminaries: fc.array(
      text.map((value) => `150 ${value}`),
      { maxLength: 2 },
    ),
    texts: fc.array(text, { minLength: 1, maxLength: 4 }),
    code: fc.constantFrom(200, 211, 250, 354, 430, 550),
    block: fc.option(fc.array(blockLine, { maxLength: 6 }), { nil: undefined }),
    refused: fc.boolean(),
  })
  .map(({ preliminaries, texts, code, block, refused }) => ({
    preliminaries,
    lines: texts.map((value, at) => `${code}${at < texts.length - 1 ? "-" : " "}${value}`),
    block: refused ? undefined : block,
    mayBringBlock: block !== undefined,
  }));

function wire({ preliminaries, lines, block }: Answer): string {
  const status = [...preliminaries, ...lines].map((each) => `${each}\r\n`).join("");
  if (block === undefined) return status;
  return `${status}${block.map((each) => `${each.startsWith(".") ? "." : ""}${each}\r\n`).join("")}.\r\n`;
}

async function ask(pipeline: ReplyPipeline<CodeReply>, { block, mayBringBlock }: Answer): Promise<Answer> {
  const preliminaries: string[] = [];
  const onPreliminary = (reply: Reply): undefined => void preliminaries.push(...reply.lines);
  if (!mayBringBlock) {
    const { lines } = await pipeline.command(line("COMMAND"), { onPreliminary });
    return { preliminaries, lines, block: undefined, mayBringBlock };
  }
  const hasBlock = (): boolean => block !== undefined;
  const got = await pipeline.block(line("BLOCK"), { hasBlock, onPreliminary });
  const content = got.block === undefined ? undefined : await got.block.text();
  return { preliminaries, lines: got.reply.lines, block: content?.split("\r\n").slice(0, -1), mayBringBlock };
}

// A line that is a lone CR or LF is content of the line before or after it; only the joined text is comparable.
function comparable(answers: readonly Answer[]): unknown {
  return answers.map((each) => ({
    ...each,
    block: each.block?.map((content) => `${content}\r\n`).join(""),
  }));
}

const cuts = fc.oneof(fc.constant([1]), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }));

function repeat(sizes: readonly number[], length: number): number | number[] {
  if (sizes.length === 1) return sizes[0] ?? 1;
  return Array.from({ length }, (_, at) => sizes[at % sizes.length] ?? 1);
}

describe("any sequence of replies, cut anywhere", () => {
  test("gives each command its own reply and block, one command at a time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 6 }), cuts, async (answers, sizes) => {
        await using client = await session(codes, async (peer) => {
          for (const each of answers) {
            await peer.readLine();
            await peer.sendSplit(wire(each), repeat(sizes, wire(each).length));
          }
          await peer.closed;
        });
        const got: Answer[] = [];
        for (const each of answers) got.push(await ask(client.pipeline, each));
        expect(comparable(got)).toEqual(comparable(answers));
      }),
      { numRuns: 150 },
    );
  });

  test("gives each command its own reply and block, all commands in flight", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 12 }), cuts, async (answers, sizes) => {
        await using client = await session(codes, async (peer) => {
          for (let count = 0; count < answers.length; count += 1) await peer.readLine();
          const all = answers.map(wire).join("");
          await peer.sendSplit(all, repeat(sizes, Buffer.byteLength(all)));
          await peer.closed;
        });
        const got = await Promise.all(answers.map((each) => ask(client.pipeline, each)));
        expect(comparable(got)).toEqual(comparable(answers));
      }),
      { numRuns: 150 },
    );
  });
});

describe("a reply pipeline", () => {
  test("gives the greeting to whoever asked for it, even one that was there before", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.send("220-welcome\r\n220 ready\r\n");
      await peer.expect("NOOP");
      await peer.send("200 ok\r\n");
      await peer.closed;
    });
    await using connection = await connect({ host: server.host, port: server.port });
    while (connection.reader.framer.length === 0) await turn();
    const pipeline = new ReplyPipeline(connection, codes);
    expect(await pipeline.greeting()).toMatchObject({ code: 220, text: "welcome\nready" });
    expect(pipeline.lastReply).toMatchObject({ code: 220 });
    expect(await pipeline.command(line("NOOP"))).toMatchObject({ code: 200 });
    expect(pipeline.lastReply).toMatchObject({ code: 200 });
  });

  test("sends the commands of one turn in one segment", async () => {
    const segments: string[] = [];
    await using client = await session(signs, async (peer) => {
      peer.socket.on("data", (chunk: Buffer) => segments.push(chunk.toString()));
      for (let count = 0; count < 3; count += 1) await peer.readLine();
      await peer.send("+OK 1\r\n+OK 2\r\n+OK 3\r\n");
      await peer.closed;
    });
    const lines = [
      line("ONE"),
      { line: Buffer.from("TW\u00d6", "latin1"), shown: "TWO" },
      line("THR\u00c9E"),
    ];
    const replies = await Promise.all(lines.map((each) => client.pipeline.command(each)));
    expect(replies.map((reply) => reply.text)).toEqual(["1", "2", "3"]);
    expect(segments).toHaveLength(1);
    expect(client.server.received).toEqual(
      Buffer.concat([Buffer.from("ONE\r\nTW"), Buffer.of(0xd6), Buffer.from("\r\nTHR\u00c9E\r\n")]),
    );
  });

  test("takes the same code for a block or for none, by the command", async () => {
    await using client = await session(singleLines, async (peer) => {
      for (let count = 0; count < 3; count += 1) await peer.readLine();
      await peer.send("211 3 1 3 misc.test\r\n211 3 1 3 misc.test\r\n1\r\n2\r\n.\r\n211 3 1 3 misc.test\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    const [group, listing, again] = await Promise.all([
      pipeline.command(line("GROUP misc.test")),
      pipeline.block(line("LISTGROUP misc.test"), { hasBlock: ({ code }) => code === 211 }),
      pipeline.command(line("GROUP misc.test")),
    ]);
    expect([group.code, listing.reply.code, again.code]).toEqual([211, 211, 211]);
    expect(await textOf(listing.block)).toBe("1\r\n2\r\n");
  });

  test("resolves to a refusal like to any other reply", async () => {
    await using client = await session(signs, async (peer) => {
      await peer.readLine();
      await peer.send("-ERR no such message\r\n");
      await peer.closed;
    });
    const { reply, block } = await client.pipeline.block(line("RETR 9"), { hasBlock: ({ ok }) => ok });
    expect(reply).toMatchObject({ ok: false, text: "no such message" });
    expect(block).toBeUndefined();
    expect(client.pipeline.error).toBeUndefined();
  });
});

describe("the trace", () => {
  const secret = "swordfish";
  const login = commandLine("PASS", [secret], { secret: true });

  test("shows each line sent and received, but no secret", async () => {
    const events: TraceEvent[] = [];
    const channel: unknown[] = [];
    const listener = (event: unknown): void => void channel.push(event);
    subscribe("netcli.line", listener);
    await using client = await session(
      codes,
      async (peer) => {
        await peer.send("220 ready\r\n");
        await peer.expect(`PASS ${secret}`);
        await peer.send("250-well\r\n250 come\r\n");
        await peer.closed;
      },
      { trace: (event) => void events.push(event) },
    );
    await client.pipeline.greeting();
    await client.pipeline.command(login);
    unsubscribe("netcli.line", listener);
    const lines = events.filter(({ kind }) => kind !== "event");
    expect(lines.map(({ kind, text: shown }) => [kind, shown])).toEqual([
      ["received", "220 ready"],
      ["sent", "PASS ****"],
      ["received", "250-well"],
      ["received", "250 come"],
    ]);
    expect(channel).toEqual(lines);
    expect(inspect(events)).not.toContain(secret);
  });

  test("and every error hide secrets, whatever goes wrong", async () => {
    const faults: Record<string, string> = {
      close: "",
      garbage: "what?\r\n",
      silence: "25",
      closing: "421 bye\r\n",
    };
    let shown = "";
    for (const [fault, bytes] of Object.entries(faults)) {
      await using client = await session(
        codes,
        async (peer) => {
          await peer.expect(`PASS ${secret}`);
          await peer.send(bytes);
          if (fault === "silence") await peer.closed;
        },
        { timeouts: { reply: 30 } },
      );
      const results = await Promise.allSettled([
        client.pipeline.command(login),
        client.pipeline.command(login),
        client.pipeline.exclusive((each) => each.command(login)),
      ]);
      expect([fault, results[1].status]).toEqual([fault, "rejected"]);
      shown += inspect([results, client.pipeline.error], { depth: 10, showHidden: true });
    }
    expect(shown).toContain("PASS ****");
    expect(shown).not.toContain(secret);
  });
});
