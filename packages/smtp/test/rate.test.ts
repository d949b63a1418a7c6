// How many mails may be begun in a stretch of time: in their order, no sooner and not much later, and without looking
// at the clock again and again.
import { setTimeout as pause } from "node:timers/promises";
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Rate } from "../src/rate.ts";
import { clientOn, from, message, refuseUnhandled, to } from "./own-smtp.ts";

refuseUnhandled();

const never = new AbortController().signal;

/** Timers tell whole milliseconds; and one may be a little early by `performance.now`. */
const EARLY = 2;

/** When each of so many passed, in milliseconds since the first was asked for. */
async function passes(rate: Rate, count: number): Promise<number[]> {
  const begun = performance.now();
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: count }, (_, number) =>
      rate.pass(never).then(() => {
        times.push(performance.now() - begun);
        return number;
      }),
    ),
  ).then((order) => expect(order).toEqual(Array.from({ length: count }, (_, number) => number)));
  return times;
}

/** Is none of them too early? One that a busy machine lets through late is nothing to those behind it. */
function keepTo(times: readonly number[], messages: number, per: number): void {
  for (const [index, time] of times.entries()) {
    expect(time).toBeGreaterThanOrEqual(Math.floor(index / messages) * per - EARLY);
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

describe("a rate", () => {
  test.each([
    [1, 40, 5],
    [3, 60, 10],
    [10, 50, 25],
  ])("of %i in %i ms lets %i pass in time", async (messages, per, count) => {
    const times = await passes(new Rate({ messages, per }), count);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    keepTo(times, messages, per);
    const most = Math.floor((count - 1) / messages) * per;
    expect(times.at(-1)).toBeGreaterThanOrEqual(most - EARLY);
    expect(times.at(-1)).toBeLessThan(most + 500);
  });

  test("keeps nobody waiting who comes late enough", async () => {
    const rate = new Rate({ messages: 2, per: 200 });
    for (let count = 0; count < 3; count += 1) {
      const begun = performance.now();
      await rate.pass(never);
      await rate.pass(never);
      expect(performance.now() - begun).toBeLessThan(150);
      await pause(210);
    }
  });

  test("counts from when each passed, not from when the stretch began", async () => {
    const rate = new Rate({ messages: 2, per: 400 });
    const begun = performance.now();
    const times: number[] = [];
    const one = async (): Promise<void> => {
      await rate.pass(never);
      times.push(performance.now() - begun);
    };
    await one();
    await pause(300);
    await Promise.all([one(), one(), one()]);
    // One at once, one for the first one's end, and one for that of the second one.
    expect(times[1]).toBeLessThan(400 - EARLY);
    expect(times[2]).toBeGreaterThanOrEqual(400 - EARLY);
    expect(times[2]).toBeLessThan(680);
    expect(times[3]).toBeGreaterThanOrEqual(700 - EARLY);
  });

  test("sets one timer for all who wait, and none for those who don't", async () => {
    const before = timers();
    const rate = new Rate({ messages: 5, per: 60_000 });
    const controller = new AbortController();
    const all = Array.from({ length: 8 }, () => rate.pass(controller.signal));
    await Promise.all(all.slice(0, 5));
    expect(timers() - before).toBe(1);
    controller.abort("enough");
    for (const error of await Promise.all(all.slice(5).map(failureOf))) expect(error).toBe("enough");
    expect(timers()).toBe(before);
  });

  test("rejects with the reason of the signal", async () => {
    const rate = new Rate({ messages: 1, per: 60_000 });
    await rate.pass(never);
    const controller = new AbortController();
    const waiting = failureOf(rate.pass(controller.signal));
    controller.abort("enough");
    expect(await waiting).toBe("enough");
    expect(await failureOf(rate.pass(AbortSignal.abort("before")))).toBe("before");
  });
});

describe("a client with a rate", () => {
  const mail = { from, to, message };

  test("sends its mails in their order, and no more at a time", async () => {
    const times: number[] = [];
    await using fixture = await clientOn(
      { reply: (verb) => void (verb === "MAIL" && times.push(performance.now())) },
      { connections: 2, rate: { messages: 2, per: 80 } },
    );
    const { client, server } = fixture;
    const mails = [0, 1, 2, 3, 4].map((number) => client.send({ ...mail, from: `n${number}@example.org` }));
    await Promise.all(mails);
    expect(server.received.map(({ from: { address } }) => address[1]).join("")).toMatch(
      /^(?:01|10)(?:23|32)4$/,
    );
    const [first = 0] = times;
    expect((times.at(-1) ?? 0) - first).toBeGreaterThanOrEqual(130);
  });

  test("gives those who wait up when it is closed, and waits for them when it is to quit", async () => {
    await using fixture = await clientOn({}, { rate: { messages: 1, per: 60 } });
    const { client } = fixture;
    const mails = [client.send(mail), client.send(mail)];
    await client.quit();
    for (const { accepted } of await Promise.all(mails)) expect(accepted).toEqual([to]);
    await using other = await clientOn({}, { rate: { messages: 1, per: 60_000 } });
    await other.client.send(mail);
    const waiting = failureOf(other.client.send(mail));
    other.client.close();
    expect(await waiting).toBeInstanceOf(ConnectionClosedError);
  });

  test("gives one up that is aborted while it waits", async () => {
    await using fixture = await clientOn({}, { rate: { messages: 1, per: 60_000 } });
    await fixture.client.send(mail);
    const controller = new AbortController();
    const waiting = failureOf(fixture.client.send({ ...mail, signal: controller.signal }));
    controller.abort("enough");
    expect(await waiting).toBe("enough");
  });
});
