// What it saves to send ahead, over a long way.
import { performance } from "node:perf_hooks";
import { gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type FtpOptions, type FtpSession } from "../src/index.ts";
import { loggedIn, nowhere, pattern, refuseUnhandled } from "./fixtures.ts";
import { onOwnServer } from "./own-server.ts";
import { epsvReply } from "./scripted-ftp.ts";

refuseUnhandled();

const delay = 25;
const count = 8;

/** How long it takes to do something several times, with nobody waiting for the one before, behind a first one. */
async function took(
  pipelining: FtpOptions["pipelining"],
  once: (session: FtpSession, index: number) => Promise<{ bytes: number }>,
): Promise<number> {
  await using fixture = await onOwnServer({ delay, greeting: "(vsFTPd 3.0.3)" }, { pipelining });
  const { session, put } = fixture;
  await put("a", pattern(1_000));
  await once(session, 0);
  const begin = performance.now();
  const all = Array.from({ length: count }, (_, index) => once(session, index));
  for (const { bytes } of await Promise.all(all)) expect(bytes).toBe(1_000);
  return performance.now() - begin;
}

const download = (session: FtpSession): Promise<{ bytes: number }> => session.retrBinary("RETR a", nowhere);

const upload = (session: FtpSession, index: number): Promise<{ bytes: number }> =>
  session.storBinary(`STOR ${index}`, pattern(1_000));

describe("over a long way", () => {
  test("a queue of downloads is faster by a round trip each", { timeout: 30_000 }, async () => {
    const [serial, ahead] = [await took("off", download), await took("safe", download)];
    // Seven of eight are asked for ahead; half of what that saves is enough to see it on a busy machine.
    expect(serial - ahead).toBeGreaterThan(((count - 1) * 2 * delay) / 2);
  });

  test(
    "a queue of uploads is faster by another one where they begin at once",
    { timeout: 30_000 },
    async () => {
      const [safe, full] = [await took("safe", upload), await took("full", upload)];
      expect(safe - full).toBeGreaterThan((count * 2 * delay) / 2);
    },
  );
});

test("a position is told together with the question for a port, where that has worked before", async () => {
  await using fixture = await loggedIn(async (ftp) => {
    await ftp.answer("TYPE I", "200 binary");
    await ftp.give("a", pattern(10));
    await ftp.expect("EPSV");
    await ftp.expect("REST 5");
    const port = await ftp.listen();
    await ftp.say(epsvReply(port.port), "350 from there");
    await ftp.answer("RETR a", "150 here it comes");
    const data = await port.connected();
    await data.send(pattern(5));
    data.end();
    await ftp.say("226 done");
  });
  const { session } = fixture;
  await session.retrBinary("RETR a", nowhere);
  expect(await session.retrBinary("RETR a", nowhere, { rest: 5 })).toMatchObject({ bytes: 5 });
});

describe("an upload that begins at once", () => {
  test("is there before the server has said that it may be", async () => {
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const port = await ftp.passive();
        await ftp.expect("STOR a");
        const data = await port.connected();
        expect(await data.readToEnd()).toEqual(pattern(100_000));
        await ftp.say("150 go on", "226 have it");
        await ftp.prove();
      },
      { pipelining: "full" },
    );
    const { session } = fixture;
    expect(await session.storBinary("STOR a", pattern(100_000))).toMatchObject({ bytes: 100_000 });
    expect(await session.pwd()).toBe("/here");
  });

  test("and is refused rejects with the refusal, and the session works", async () => {
    const { opened, open } = gate();
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const port = await ftp.passive();
        await ftp.expect("STOR a");
        const data = await port.connected();
        await opened;
        await ftp.say("553 no such name");
        await data.closed;
        await ftp.prove();
      },
      { pipelining: "full" },
    );
    const { session } = fixture;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield pattern(65_536);
        open();
      }
    };
    await expect(session.storBinary("STOR a", endless())).rejects.toMatchObject({ reply: { code: 553 } });
    expect(await session.pwd()).toBe("/here");
  });

  test("tells the name that the server has given it", async () => {
    await using fixture = await onOwnServer({}, { pipelining: "full" });
    const { session, get } = fixture;
    expect(await session.storUnique("content")).toMatchObject({ name: "unique.1", bytes: 7 });
    expect(String(await get("unique.1"))).toBe("content");
  });
});
