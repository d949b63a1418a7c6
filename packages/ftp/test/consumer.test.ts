// What retrBinary hands the bytes to: functions and streams, slow ones and broken ones.
import { failureOf, gate } from "@netcli/test-kit";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { loggedIn, pattern, refuseUnhandled } from "./fixtures.ts";
import type { Ftp } from "./scripted-ftp.ts";

refuseUnhandled();

/** Takes what is written to it when it is told to. */
class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  readonly #take: (chunk: Buffer) => Promise<void>;

  constructor(take: (chunk: Buffer) => Promise<void>) {
    super({ highWaterMark: 1_024 });
    this.#take = take;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.chunks.push(chunk);
    this.#take(chunk).then(() => done(), done);
  }
}

/** Serves a file that has no end. */
async function endless(ftp: Ftp): Promise<void> {
  await ftp.answer("TYPE I", "200 binary");
  const data = await ftp.begin("a");
  for (let going = true; going;) {
    going = await data.send(pattern(65_536)).then(
      () => true,
      () => false,
    );
  }
  await ftp.say("426 the data connection broke");
  await ftp.prove();
}

describe("a consumer", () => {
  const content = pattern(1_000_000);
  const whole = async (ftp: Ftp): Promise<void> => {
    await ftp.answer("TYPE I", "200 binary");
    await ftp.give("a", content);
    await ftp.prove();
  };

  test("that is a slow function is waited for, and not taken for a silent server", async () => {
    await using fixture = await loggedIn(whole, { timeouts: { stall: 30, reply: 30 } });
    let calls = 0;
    let running = 0;
    const chunks: Uint8Array[] = [];
    const { bytes } = await fixture.session.retrBinary("RETR a", async (chunk) => {
      running += 1;
      expect(running).toBe(1);
      chunks.push(chunk);
      if ((calls += 1) <= 2) await sleep(80);
      running -= 1;
    });
    expect(bytes).toBe(content.length);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("that is a slow stream is waited for, and neither ended nor left with listeners", async () => {
    await using fixture = await loggedIn(whole, { timeouts: { stall: 30, reply: 30 } });
    let calls = 0;
    const sink = new Sink(async () => {
      if ((calls += 1) <= 2) await sleep(80);
    });
    const listeners = (): number[] => sink.eventNames().map((name) => sink.listenerCount(name));
    const before = listeners();
    const { bytes } = await fixture.session.retrBinary("RETR a", sink);
    expect(bytes).toBe(content.length);
    expect([sink.writableEnded, sink.destroyed]).toEqual([false, false]);
    expect(listeners()).toEqual(before);
    await new Promise<void>((resolve) => {
      sink.end(resolve);
    });
    expect(Buffer.concat(sink.chunks).equals(content)).toBe(true);
  });

  const broken = new Error("the consumer is broken");

  test.each([["at once"], ["later"]])(
    "that throws %s breaks the retrieval off with its error",
    async (when) => {
      await using fixture = await loggedIn(endless);
      let calls = 0;
      const taker = async (): Promise<void> => {
        if (when === "later" && (calls += 1) < 10) return;
        throw broken;
      };
      expect(await failureOf(fixture.session.retrBinary("RETR a", taker))).toBe(broken);
      expect(await fixture.session.pwd()).toBe("/here");
    },
  );

  test("that throws breaks the retrieval off also while the server has nothing more to send", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(10));
      await data.closed;
      await ftp.say("426 the data connection broke");
      await ftp.prove();
    });
    const taker = (): never => {
      throw broken;
    };
    expect(await failureOf(fixture.session.retrBinary("RETR a", taker))).toBe(broken);
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("that is a stream and fails breaks the retrieval off with its error", async () => {
    await using fixture = await loggedIn(endless);
    const sink = new Sink(() => Promise.reject(broken));
    sink.on("error", () => undefined);
    expect(await failureOf(fixture.session.retrBinary("RETR a", sink))).toBe(broken);
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("that is a stream and is destroyed meanwhile breaks the retrieval off", async () => {
    await using fixture = await loggedIn(endless);
    const sink: Sink = new Sink(async () => void sink.destroy());
    const error = await failureOf(fixture.session.retrBinary("RETR a", sink));
    expect(error).toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test.each([["abort"], ["421"]])(
    "that is a stream without room does not keep a retrieval waiting that ends by %s",
    async (end) => {
      const { opened: full, open: fill } = gate();
      await using fixture = await loggedIn(async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const data = await ftp.begin("a");
        await data.send(pattern(100_000));
        await full;
        if (end === "421") await ftp.say("421 shutting down");
        else await data.closed;
      });
      // A stream that never says that it is ready.
      const sink = new Sink(() => {
        fill();
        return new Promise(() => undefined);
      });
      const controller = new AbortController();
      const { signal } = controller;
      const retrieval = failureOf(fixture.session.retrBinary("RETR a", sink, { signal }));
      await full;
      if (end === "abort") controller.abort({ lastReply: undefined });
      expect(await retrieval).toMatchObject({ lastReply: end === "421" ? { code: 421 } : undefined });
      expect([sink.destroyed, sink.listenerCount("drain"), sink.listenerCount("error")]).toEqual([
        false,
        0,
        0,
      ]);
    },
  );

  test.each([["before"], ["behind"]])(
    "that is at work when the retrieval is aborted %s the final reply is waited for",
    async (when) => {
      const { opened: taken, open: take } = gate();
      await using fixture = await loggedIn(async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const data = await ftp.begin("a");
        if (when === "behind") await ftp.say("226 done");
        await data.send(pattern(10));
        await taken;
        await data.closed;
        if (when === "before") await ftp.say("426 aborted");
        await ftp.prove();
      });
      const controller = new AbortController();
      const { signal } = controller;
      let running = false;
      const taker = async (): Promise<void> => {
        running = true;
        take();
        await sleep(30);
        running = false;
      };
      const failing = failureOf(fixture.session.retrBinary("RETR a", taker, { signal }));
      await taken;
      controller.abort("enough");
      expect(await failing).toBe("enough");
      expect(running).toBe(false);
      expect(await fixture.session.pwd()).toBe("/here");
    },
  );
});
