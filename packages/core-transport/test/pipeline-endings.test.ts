// A whole session cut at every byte, by the server's end or by a reset.
import { describe, expect, test } from "vitest";
import { type CodeReply, ConnectionClosedError } from "../src/index.ts";
import { codes, line, refuseUnhandled, session, textOf } from "./grammars.ts";

refuseUnhandled();

// What the server says, and the lines it waits for before each part.
const parts = [
  {
    wants: ["A", "LIST", "C", "DATA"],
    says: [
      ["greeting", "220-hi\r\n220 there\r\n"],
      ["a", "250-a\r\n250 a\r\n"],
      ["list", "215 list\r\n250 x\r\n.\r.\r\n...\r\n.\r\n"],
      ["c", "150 wait\r\n250 c\r\n"],
      ["go", "354 go\r\n"],
    ],
  },
  { wants: ["content", "."], says: [["data", "250 stored\r\n"]] },
  { wants: ["LAST"], says: [["last", "250 last\r\n"]] },
] as const;

const names = ["greeting", "a", "list", "c", "data", "last"];

const whole = parts.flatMap(({ says }) => says.map(([, text]) => text)).join("");

/** The names of those that are fully answered by the first `cut` bytes. */
function complete(cut: number): string[] {
  let end = 0;
  return parts
    .flatMap(({ says }) => [...says])
    .filter(([name, text]) => {
      end += text.length;
      return end <= cut && name !== "go";
    })
    .map(([name]) => name);
}

type Ending = "ended" | "reset" | "destroyed here";

/** Runs the session with a server that breaks off behind `cut` bytes; gives how each promise settled. */
async function run(cut: number, how: Ending): Promise<Map<string, unknown[]>> {
  await using client = await session(codes, async (peer) => {
    let left = cut;
    for (const { wants, says } of parts) {
      for (const each of wants) await peer.expect(each);
      const text = says.map(([, words]) => words).join("");
      await peer.send(text.slice(0, left));
      left -= text.length;
      if (left <= 0) break;
    }
    if (how === "reset") peer.reset();
    if (how === "destroyed here") client.connection.destroy();
  });
  const { pipeline } = client;
  const settled = new Map<string, unknown[]>();
  const watch = async (name: string, promise: Promise<unknown>): Promise<void> => {
    const note = (result: unknown): void => void settled.set(name, [...(settled.get(name) ?? []), result]);
    await promise.then(() => note("answered"), note);
  };
  await Promise.all([
    watch("greeting", pipeline.greeting()),
    watch("a", pipeline.command(line("A"))),
    watch(
      "list",
      pipeline
        .block(line("LIST"), { hasBlock: ({ code }: CodeReply) => code === 215 })
        .then(({ block }) => textOf(block)),
    ),
    watch("c", pipeline.command(line("C"))),
    watch(
      "data",
      pipeline.exclusive(async (turn) => {
        await turn.command(line("DATA"));
        const accepted = turn.expect();
        await turn.writeBlock("content");
        return accepted;
      }),
    ),
    watch("last", pipeline.command(line("LAST"))),
  ]);
  return settled;
}

function isAnswered(settled: Map<string, unknown[]>, name: string): boolean {
  return settled.get(name)?.[0] === "answered";
}

describe("a session cut at every byte", () => {
  test.each<[Ending]>([["ended"], ["reset"], ["destroyed here"]])(
    "settles each promise once, and those unanswered with ConnectionClosedError (%s)",
    async (how) => {
      for (let cut = 0; cut <= whole.length; cut += 1) {
        const settled = await run(cut, how);
        const results = [...settled].map(([name, [result, ...more]]) => {
          const kind = result instanceof ConnectionClosedError ? "closed" : result;
          return `${name}: ${[kind, ...more].join()}`;
        });
        // Data on its way may be lost with the connection, so that fewer are answered, but never more.
        const answered =
          how === "ended" ? complete(cut) : complete(cut).filter((name) => isAnswered(settled, name));
        const expected = names.map((name) => `${name}: ${answered.includes(name) ? "answered" : "closed"}`);
        expect(results.toSorted(), `cut at ${cut}`).toEqual(expected.toSorted());
      }
    },
  );
});
