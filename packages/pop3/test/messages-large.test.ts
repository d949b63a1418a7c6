// Messages that are too large for the memory: streamed when they are read, skipped when they are not.
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { inSession, maildrop, numbered, numbersOf, textsOf } from "./maildrops.ts";

const MIB = 1_048_576;

describe("a large message", () => {
  const large = "x".repeat(3 * MIB);

  test("is asked for when it is read", async () => {
    await using fixture = await maildrop([...numbered(1), large, ...numbered(1)]);
    for await (const message of fixture.client.messages()) {
      if (message.number !== 2) continue;
      expect(fixture.said("RETR")).not.toContain("RETR 2");
      let bytes = 0;
      for await (const chunk of message) bytes += chunk.length;
      expect(bytes).toBe(large.length + 2);
    }
    expect(fixture.said("RETR")).toContain("RETR 2");
  });

  test("that is not read is not fetched, and can be deleted", async () => {
    await using fixture = await maildrop([large, ...numbered(1)]);
    const { client, uids } = fixture;
    expect(await numbersOf(client.messages({ delete: "after" }))).toEqual([1, 2]);
    expect(fixture.said("RETR")).toEqual(["RETR 2"]);
    expect((await client.quit()).deleted).toEqual(uids);
  });

  test("that is left in the middle does not disturb the next ones", async () => {
    await using fixture = await maildrop([...numbered(1), large, ...numbered(2)]);
    const got: [number, number][] = [];
    for await (const message of fixture.client.messages()) {
      let bytes = 0;
      for await (const chunk of message) {
        bytes += chunk.length;
        if (message.number === 2) break;
      }
      got.push([message.number, bytes]);
    }
    expect(got.map(([number]) => number)).toEqual([1, 2, 3, 4]);
    expect(got[3]?.[1]).toBe(Buffer.byteLength(numbered(2)[1] ?? ""));
  });

  test("as a Node stream", async () => {
    await using fixture = await maildrop([large]);
    for await (const message of fixture.client.messages()) {
      let bytes = 0;
      for await (const chunk of message.stream()) bytes += (chunk as Uint8Array).length;
      expect(bytes).toBe(large.length + 2);
    }
  });

  test("that breaks off is handed over again, and the caller who does not mind is not done with it", async () => {
    const reply = inSession(1, "RETR", { cut: { after: MIB, end: "reset" } });
    await using fixture = await maildrop([large], { reply });
    const { client, uids } = fixture;
    const lengths: number[] = [];
    for await (const message of client.messages({ delete: "after" })) {
      const bytes = await message.bytes().catch(() => new Uint8Array());
      lengths.push(bytes.length);
    }
    expect(lengths).toEqual([0, large.length + 2]);
    expect((await client.quit()).deleted).toEqual(uids);
  });

  test.each([1, 2, 3])(
    "are not fetched ahead beyond a window of bytes, with %s MiB less a bit each",
    async (size) => {
      const contents = Array.from({ length: 12 }, () => "x".repeat(size * MIB - 1_000));
      await using fixture = await maildrop(contents);
      const messages = fixture.client.messages();
      await messages.next();
      // What is asked for is there after an answer to something behind it.
      await fixture.client.use((session) => session.noop());
      expect(fixture.said("RETR").length).toBeLessThanOrEqual(6);
      await messages.return();
    },
  );
});

test("a message far longer than it was said to be is not taken into memory", async () => {
  await using fixture = await maildrop(["small\r\n"], {
    reply: (verb) =>
      verb === "RETR" ? { reply: `+OK\n${"x".repeat(70_000)}\n${"x".repeat(3 * MIB)}\n.` } : undefined,
  });
  expect(await failureOf(textsOf(fixture.client.messages()))).toMatchObject({ code: "ERR_NETCLI_LIMIT" });
});
