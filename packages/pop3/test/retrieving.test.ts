// A message on its way: how it can be read, and what becomes of the next answer if it is not.
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type Pop3Session } from "../src/index.ts";
import { answer, greeted } from "./scripted-pop3.ts";

describe("retr and top", () => {
  const lines = ["+OK 27 octets", "Subject: x", "", "..two dots", "caf\u00e9", "."];
  const content = "Subject: x\r\n\r\n.two dots\r\ncaf\u00e9\r\n";

  test.each<[string, (session: Pop3Session) => ReturnType<Pop3Session["retr"]>, string]>([
    ["retr", (session) => session.retr(1), "RETR 1"],
    ["top", (session) => session.top(1, 0), "TOP 1 0"],
  ])("%s: as bytes, text, lines, chunks or a stream", async (_name, call, line) => {
    await using fixture = await greeted(async (peer) => {
      for (let count = 0; count < 5; count += 1) await answer(peer, line, ...lines);
    });
    const { session } = fixture;
    const first = await call(session);
    expect(first.size).toBe(27);
    expect(Buffer.from(await first.bytes()).toString()).toBe(content);
    expect(await (await call(session)).text()).toBe(content);
    const read: string[] = [];
    for await (const one of (await call(session)).lines()) read.push(one);
    expect(read).toEqual(["Subject: x", "", ".two dots", "caf\u00e9"]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await call(session)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(content);
    const streamed: Buffer[] = [];
    for await (const chunk of (await call(session)).stream()) streamed.push(chunk as Buffer);
    expect(Buffer.concat(streamed).toString()).toBe(content);
  });

  test.each([
    ["+OK", undefined],
    ["+OK 120 octets", 120],
    ["+OK 120 Octets follow", 120],
    ["+OK message follows (120 octets)", undefined],
    ["+OK 12345678901234567890 octets", undefined],
    ["+OK -1 octets", undefined],
  ])("the size in %j is %s", async (status, size) => {
    await using fixture = await greeted((peer) => answer(peer, "RETR 1", status, "x", "."));
    const message = await fixture.session.retr(1);
    expect(message.size).toBe(size);
    await message.bytes();
  });

  test("a message that is given up lets the next one come", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "RETR 1", "+OK", "+OK 9 9", "-ERR", ".");
      await answer(peer, "STAT", "+OK 1 10");
    });
    const { session } = fixture;
    (await session.retr(1)).cancel();
    expect(await session.stat()).toEqual({ count: 1, size: 10 });
  });

  test("a consumer that throws lets the next one come", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "RETR 1", "+OK", "+OK 9 9", "-ERR", ".");
      await answer(peer, "STAT", "+OK 1 10");
    });
    const { session } = fixture;
    const message = await session.retr(1);
    const failing = async (): Promise<void> => {
      for await (const chunk of message) throw new Error(`no room for ${chunk.length} bytes`);
    };
    expect(await failureOf(failing())).toMatchObject({ message: expect.stringContaining("no room") });
    expect(await session.stat()).toEqual({ count: 1, size: 10 });
  });

  test("a large rest that is given up costs the connection, and is never taken for replies", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "RETR 1", "+OK");
      await peer.send("+OK 9 9\r\n".repeat(500_000));
      await peer.closed;
    });
    const { session } = fixture;
    const message = await session.retr(1);
    const next = failureOf(session.stat());
    message.cancel();
    expect(await next).toBeInstanceOf(Error);
  });
});
