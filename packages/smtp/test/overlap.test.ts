// Pipelining `full`: the envelope of a message goes out behind the content of the one before (RFC 2920 3.1), and what
// becomes of one is nothing to the others.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import type { EsmtpHook } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { SendError } from "../src/index.ts";
import { clientOn, from, onServer, refuseUnhandled, turns } from "./own-smtp.ts";

refuseUnhandled();

const full = { pipelining: "full" } as const;
const addressOf = (number: number): string => `r${number}@f.example`;
const messageOf = (number: number): string => `${number}\r\n`;

const extensions = { DATA: ["PIPELINING"], BDAT: ["PIPELINING", "CHUNKING"] } as const;
const kinds = [
  ["DATA", {}],
  ["BDAT", { chunking: true }],
] as const;

test("the next envelope is there before the message is answered, and the next content is not", async () => {
  const { opened: wait, open: answer } = gate();
  await using fixture = await onServer(
    { extensions: ["PIPELINING"], reply: (verb) => (verb === "." ? slow() : undefined) },
    full,
  );
  const { session, server } = fixture;
  let isFirst = true;
  const slow = async (): Promise<undefined> => {
    if (isFirst) await wait;
    isFirst = false;
  };
  const first = session.sendMail(from, addressOf(1), messageOf(1));
  const second = session.sendMail(from, addressOf(2), messageOf(2));
  await turns(20);
  // The server is busy with the first one; what has come is not read yet.
  answer();
  expect((await first).accepted).toEqual([addressOf(1)]);
  expect((await second).accepted).toEqual([addressOf(2)]);
  // EHLO; the first envelope; its content with the second one; the second content.
  expect(server.flights).toBe(4);
});

const byNumber: EsmtpHook = (verb, line, { received }) => {
  if (verb === "MAIL" && line.includes("bad")) return "550 5.7.1 Not you.";
  if (verb === "RCPT" && /r[27]@/.test(line)) return "550 5.1.1 No such.";
  const isRefused = received.at(-1)?.to.some(({ address }) => /r[49]@/.test(address)) === true;
  return verb === "." && isRefused ? "554 5.6.0 Spam." : undefined;
};

const refuseNone: EsmtpHook = (verb, line) => {
  if (verb === "RCPT" && line.includes("none")) return "550 No.";
  return undefined;
};

function* failing(): Generator<string> {
  yield "Subject: this is\r\n\r\nhalf of it";
  throw new Error("the disk is gone");
}

describe.each(kinds)("of messages at the same time, %s", (kind, options) => {
  test("each has its own end", async () => {
    await using fixture = await clientOn(
      { extensions: extensions[kind], reply: byNumber },
      { ...full, ...options },
    );
    const { client, server, got } = fixture;
    const numbers = Array.from({ length: 40 }, (_, number) => number);
    const outcomes = await Promise.allSettled(
      numbers.map((number) =>
        client.send({
          from: number === 5 ? "bad@example.org" : from,
          to: addressOf(number % 10),
          message: messageOf(number),
        }),
      ),
    );
    for (const number of numbers) {
      const isRefused = [2, 7, 4, 9].includes(number % 10) || number === 5;
      expect([number, outcomes[number]?.status]).toEqual([number, isRefused ? "rejected" : "fulfilled"]);
    }
    for (let last = 0; last < 10; last += 1) {
      const expected = numbers.filter((number) => number % 10 === last && number !== 5);
      const isRefused = [2, 7, 4, 9].includes(last);
      expect(got(`r${last}`)).toEqual(isRefused ? [] : expected.map(messageOf));
    }
    expect(server.sessions).toHaveLength(1);
  });

  test("a stray message comes of none that is refused", async () => {
    await using fixture = await clientOn(
      { extensions: extensions[kind], reply: refuseNone },
      { ...full, ...options },
    );
    const { client, server } = fixture;
    const mails = Array.from({ length: 12 }, (_, number) =>
      client.send({
        from,
        to: number % 3 === 0 ? ["none@x.example"] : ["none@x.example", addressOf(number)],
        message: messageOf(number),
        onPartial: number % 3 === 1 ? "throw" : "deliver",
      }),
    );
    const outcomes = await Promise.allSettled(mails);
    expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual(
      outcomes.map((_, number) => number % 3 === 2),
    );
    expect(server.received.map(({ data }) => Buffer.from(data).toString())).toEqual(
      [2, 5, 8, 11].map(messageOf),
    );
  });

  test("one whose stream fails takes with it what can't be saved, and nobody gets half of it", async () => {
    await using fixture = await clientOn(
      { extensions: extensions[kind] },
      { ...full, ...options, retries: 2 },
    );
    const { client, got } = fixture;
    const mails = [0, 1, 2, 3, 4].map((number) =>
      client.send({ from, to: addressOf(number), message: number === 2 ? failing() : messageOf(number) }),
    );
    const outcomes = await Promise.allSettled(mails);
    expect(outcomes[2]).toMatchObject({
      reason: { phase: "message", mayHaveBeenSent: false, cause: { message: "the disk is gone" } },
    });
    for (const number of [0, 1, 3, 4]) {
      // One that was in front of it and whose answer was lost with the session may be unknown, but is never twice there.
      expect(got(`r${number}`)).toEqual([messageOf(number)]);
    }
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(got("r2")).toEqual([]);
  });

  test("one that is given up leaves the one before it alone", async () => {
    const { opened: wait, open: answer } = gate();
    const { opened: asked, open: ask } = gate();
    let isFirst = true;
    const reply: EsmtpHook = async (verb) => {
      if (verb !== "." || !isFirst) return;
      isFirst = false;
      ask();
      await wait;
    };
    await using fixture = await clientOn(
      { extensions: extensions[kind], reply },
      { ...full, ...options, retries: 2 },
    );
    const { client, got } = fixture;
    const controller = new AbortController();
    const { signal } = controller;
    const first = client.send({ from, to: addressOf(1), message: messageOf(1) });
    const second = failureOf(client.send({ from, to: addressOf(2), message: messageOf(2), signal }));
    const third = client.send({ from, to: addressOf(3), message: messageOf(3) });
    await asked;
    await turns(5);
    controller.abort(new Error("enough"));
    expect(await second).toMatchObject({ message: "enough" });
    answer();
    expect((await first).accepted).toEqual([addressOf(1)]);
    expect((await third).accepted).toEqual([addressOf(3)]);
    expect([got("r1"), got("r2"), got("r3")]).toEqual([[messageOf(1)], [], [messageOf(3)]]);
  });
});

const dropThird: EsmtpHook = (verb, _line, { received }) =>
  verb === "." && received.length === 3 ? "drop" : undefined;

const isKnown = (outcome: PromiseSettledResult<unknown>): boolean => {
  const { reason } = outcome as { readonly reason?: unknown };
  return !(reason instanceof SendError && reason.mayHaveBeenSent);
};

test("when the connection breaks, only messages that the server may have are unknown", async () => {
  await using fixture = await clientOn({ extensions: ["PIPELINING"], reply: dropThird }, full);
  const { client, got } = fixture;
  const mails = Array.from({ length: 8 }, (_, number) =>
    client.send({ from, to: addressOf(number), message: messageOf(number) }),
  );
  const outcomes = await Promise.allSettled(mails);
  expect(outcomes.slice(0, 2).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  expect(outcomes[2]).toMatchObject({ reason: { mayHaveBeenSent: true, phase: "message" } });
  expect(outcomes.map(isKnown)).toEqual(outcomes.map((_, number) => number !== 2));
  // What is known is true.
  const others = [0, 1, 3, 4, 5, 6, 7];
  expect(others.map((number) => got(`r${number}`).length === 1)).toEqual(
    others.map((number) => outcomes[number]?.status === "fulfilled"),
  );
});

test("a server that dies of it is not asked for it again", async () => {
  // As Dovecot's submission does: an envelope behind a message that is not answered ends the session.
  const reply: EsmtpHook = (verb, _line, session) => {
    if (verb !== "MAIL") return undefined;
    const isAhead = session.received.length > 0 && overlapped.has(session.number);
    return isAhead ? "drop" : undefined;
  };
  const overlapped = new Set<number>([1]);
  await using fixture = await clientOn({ extensions: ["PIPELINING"], reply }, { ...full, retries: 2 });
  const { client, got } = fixture;
  const mails = Array.from({ length: 6 }, (_, number) =>
    client.send({ from, to: addressOf(number), message: messageOf(number) }),
  );
  const outcomes = await Promise.allSettled(mails);
  for (const number of outcomes.keys()) expect(got(`r${number}`)).toHaveLength(1);
  const causes = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [(outcome.reason as SendError).cause] : [],
  );
  expect(causes.every((cause) => cause instanceof ConnectionClosedError)).toBe(true);
  expect(causes.length).toBeLessThanOrEqual(1);
});
