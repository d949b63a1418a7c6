// Giving up in every phase of a mail: with the reason, or a SendError where the server may have the message; what was
// not begun leaves the session as it is, and the others go on.
import { failureOf, gate } from "@netcli/test-kit";
import type { EsmtpHook } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { SendError, type SendResult } from "../src/index.ts";
import { type ClientFixture, clientOn, from, message, refuseUnhandled, to, turns } from "./own-smtp.ts";

refuseUnhandled();

const reason = new Error("enough");
const other = { from, to: "eve@example.org", message };

const kinds = [
  ["DATA", { extensions: ["PIPELINING"] }, {}],
  ["DATA, one by one", { extensions: [] }, {}],
  ["DATA, full overlap", { extensions: ["PIPELINING"] }, { pipelining: "full" }],
  ["BDAT", { extensions: ["PIPELINING", "CHUNKING"] }, { chunking: true }],
  ["BDAT, one by one", { extensions: ["CHUNKING"] }, { chunking: true }],
  ["LMTP", { extensions: ["PIPELINING"], lmtp: true }, {}],
] as const;

/** The server has nothing to say to that the first time, until the test says so. */
function holding(held: string): { reply: EsmtpHook; asked: Promise<void>; goOn: () => void } {
  const { opened: asked, open: ask } = gate();
  const { opened: wait, open: goOn } = gate();
  let isFirst = true;
  const reply: EsmtpHook = async (verb) => {
    if (verb !== held || !isFirst) return;
    isFirst = false;
    ask();
    await wait;
  };
  return { reply, asked, goOn };
}

/** Gives the mail up when the server is at that point; the one behind it goes through. */
async function givenUp(fixture: ClientFixture, asked: Promise<void>, goOn: () => void): Promise<unknown> {
  const { client, got } = fixture;
  const controller = new AbortController();
  const { signal } = controller;
  const sending = failureOf(client.send({ from, to, message, signal }));
  const behind = client.send(other);
  await asked;
  controller.abort(reason);
  const error = await sending;
  goOn();
  expect((await behind).accepted).toEqual([other.to]);
  expect(got("eve")).toEqual([message]);
  return error;
}

describe.each(kinds)("%s: a mail is given up", (kind, serverOptions, options) => {
  const isChunked = kind.startsWith("BDAT");

  test("before it begins, and its session is kept", async () => {
    await using fixture = await clientOn(serverOptions, options);
    const { client, server, got } = fixture;
    const { opened: wait, open: goOn } = gate();
    const using = client.use(() => wait);
    const controller = new AbortController();
    const sending = failureOf(client.send({ from, to, message, signal: controller.signal }));
    await turns();
    controller.abort(reason);
    expect(await sending).toBe(reason);
    goOn();
    await using;
    expect((await client.send(other)).accepted).toEqual([other.to]);
    expect([got("bob"), got("eve"), server.sessions.length]).toEqual([[], [message], 1]);
  });

  test.each(["MAIL", "RCPT", ...(isChunked ? [] : ["DATA"])])("at %s", async (verb) => {
    const { reply, asked, goOn } = holding(verb);
    await using fixture = await clientOn({ ...serverOptions, reply }, { ...options, retries: 2 });
    expect(await givenUp(fixture, asked, goOn)).toBe(reason);
    expect(fixture.got("bob")).toEqual([]);
    fixture.forgive(/./);
  });

  test("in its content", async () => {
    await using fixture = await clientOn(serverOptions, { ...options, retries: 2 });
    const { opened: asked, open: ask } = gate();
    const { client, got } = fixture;
    const controller = new AbortController();
    const slow = async function* (): AsyncGenerator<string> {
      yield "Subject: slow\r\n\r\n";
      ask();
      await new Promise(() => undefined);
    };
    const sending = failureOf(client.send({ from, to, message: slow(), signal: controller.signal }));
    const behind = client.send(other);
    await asked;
    await turns();
    controller.abort(reason);
    expect(await sending).toBe(reason);
    expect((await behind).accepted).toEqual([other.to]);
    expect([got("bob"), got("eve")]).toEqual([[], [message]]);
  });

  test("behind its content, when the server may have it", async () => {
    const { reply, asked, goOn } = holding(".");
    await using fixture = await clientOn({ ...serverOptions, reply }, { ...options, retries: 2 });
    const error = await givenUp(fixture, asked, goOn);
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({
      phase: "message",
      cause: reason,
      mayHaveBeenSent: true,
      recipients: [{ address: to, status: "unknown" }],
    });
    expect(fixture.got("bob").length).toBeLessThanOrEqual(1);
  });

  test("behind its end, which changes nothing", async () => {
    await using fixture = await clientOn(serverOptions, options);
    const { client, server } = fixture;
    const controller = new AbortController();
    const result: SendResult = await client.send({ from, to, message, signal: controller.signal });
    controller.abort(reason);
    expect(result.accepted).toEqual([to]);
    await client.send(other);
    expect(server.sessions).toHaveLength(1);
  });
});

test("many mails with one signal, which ends them all and is not listened to any more", async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error): void => void warnings.push(warning);
  process.on("warning", hear);
  await using fixture = await clientOn({}, { connections: 2 });
  const { client, server } = fixture;
  const controller = new AbortController();
  const { signal } = controller;
  const first = client.send({ from, to, message, signal });
  const others = Promise.allSettled(
    Array.from({ length: 40 }, () => client.send({ from, to, message, signal })),
  );
  await first;
  controller.abort(reason);
  for (const outcome of await others) {
    if (outcome.status === "fulfilled") continue;
    const { reason: error } = outcome as { readonly reason: unknown };
    expect(error === reason || (error instanceof SendError && error.mayHaveBeenSent)).toBe(true);
  }
  process.off("warning", hear);
  expect(warnings).toEqual([]);
  expect((await client.send(other)).accepted).toEqual([other.to]);
  expect(server.received.length).toBeLessThan(45);
});
