// What became of each recipient: some are refused, or all, before the message or behind it; and the session goes on.
import { ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { EsmtpHook, EsmtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { SendError, type SendOptions, type SmtpOptions } from "../src/index.ts";
import { from, message, onServer, refuseUnhandled, type SessionFixture, to } from "./own-smtp.ts";

refuseUnhandled();

const eve = "eve@example.org";
const none = "none@example.org";
const later = "later@example.org";

/** Refuses by name; the first message only, if so wanted. */
const byName: EsmtpHook = (verb, line) => {
  if (verb !== "RCPT") return undefined;
  if (line.includes("none")) return "550 5.1.1 No such.";
  return line.includes("later") ? "450 4.2.1 Busy." : undefined;
};

/** Once. */
function once(asked: string, reply: string): EsmtpHook {
  let left = 1;
  return (verb) => {
    if (verb !== asked || left === 0) return undefined;
    left -= 1;
    return reply;
  };
}

const ways: readonly (readonly [name: string, server: EsmtpServerOptions, options: Partial<SmtpOptions>])[] =
  [
    ["DATA", { extensions: ["PIPELINING", "ENHANCEDSTATUSCODES"] }, {}],
    ["DATA, one by one", { extensions: ["ENHANCEDSTATUSCODES"] }, {}],
    ["DATA, full overlap", { extensions: ["PIPELINING", "ENHANCEDSTATUSCODES"] }, { pipelining: "full" }],
    ["BDAT", { extensions: ["PIPELINING", "CHUNKING", "ENHANCEDSTATUSCODES"] }, { chunking: true }],
    ["BDAT, one by one", { extensions: ["CHUNKING", "ENHANCEDSTATUSCODES"] }, { chunking: true }],
    ["LMTP", { lmtp: true, extensions: ["PIPELINING", "ENHANCEDSTATUSCODES"] }, {}],
    [
      "LMTP, BDAT",
      { lmtp: true, extensions: ["PIPELINING", "CHUNKING", "ENHANCEDSTATUSCODES"] },
      { chunking: true },
    ],
  ];

async function refused(
  fixture: SessionFixture,
  recipients: readonly string[],
  options: SendOptions = {},
): Promise<SendError> {
  const error = await failureOf(fixture.session.sendMail(from, recipients, message, options));
  expect(error).toBeInstanceOf(SendError);
  return error as SendError;
}

/** The next message goes through, and it is the only one there. */
async function goesOn({ session, server, got }: SessionFixture): Promise<void> {
  expect((await session.sendMail(from, ["next@example.org"], "next\r\n")).accepted).toEqual([
    "next@example.org",
  ]);
  expect(got("next")).toEqual(["next\r\n"]);
  expect(server.received.at(-1)?.to.map(({ address }) => address)).toEqual(["next@example.org"]);
  expect(server.sessions).toHaveLength(1);
}

describe.each(ways)("%s", (_name, serverOptions, options) => {
  test("delivers to those who are accepted", async () => {
    await using fixture = await onServer({ ...serverOptions, reply: byName }, options);
    const result = await fixture.session.sendMail(from, [none, to, later, eve], message);
    expect(result.accepted).toEqual([to, eve]);
    expect(result.recipients.map(({ address, status, reply }) => [address, status, reply?.code])).toEqual([
      [none, "refused", 550],
      [to, "accepted", 250],
      [later, "refused", 450],
      [eve, "accepted", 250],
    ]);
    expect(result.refused).toMatchObject([
      { address: none, reply: { enhanced: "5.1.1", text: "No such." } },
      { address: later, reply: { enhanced: "4.2.1" } },
    ]);
    expect(result.reply.text).toMatch(/queued as/);
    expect([fixture.got("bob"), fixture.got("eve")]).toEqual([[message], [message]]);
    await goesOn(fixture);
  });

  test("rejects when all are refused, and sends nothing", async () => {
    await using fixture = await onServer({ ...serverOptions, reply: byName }, options);
    const error = await refused(fixture, [none, later]);
    expect(error).toMatchObject({
      phase: "rcpt",
      isTemporary: true,
      isPermanent: false,
      mayHaveBeenSent: false,
    });
    expect(error.recipients).toMatchObject([
      { address: none, status: "refused", reply: { code: 550 } },
      { address: later, status: "refused", reply: { code: 450 } },
    ]);
    expect(error.cause).toBeInstanceOf(ReplyError);
    expect(error.bytesTransferred).toBe(0);
    expect(fixture.server.received).toEqual([]);
    await goesOn(fixture);
    expect(await refused(fixture, [none])).toMatchObject({ isTemporary: false, isPermanent: true });
  });

  test("with onPartial throw sends nothing unless all are accepted", async () => {
    await using fixture = await onServer({ ...serverOptions, reply: byName }, options);
    const error = await refused(fixture, [to, none, eve], { onPartial: "throw" });
    expect(error).toMatchObject({ phase: "rcpt", isPermanent: true, mayHaveBeenSent: false });
    expect(error.recipients).toMatchObject([
      { status: "unsent", reply: { code: 250 } },
      { status: "refused", reply: { code: 550 } },
      { status: "unsent", reply: { code: 250 } },
    ]);
    expect(fixture.server.received).toEqual([]);
    await goesOn(fixture);
    const all = await fixture.session.sendMail(from, [to, eve], message, { onPartial: "throw" });
    expect(all.accepted).toEqual([to, eve]);
  });

  test.each(["451 4.3.0 Later.", "550 5.7.1 Not you."])(
    "rejects when the sender is refused with %j",
    async (reply) => {
      await using fixture = await onServer({ ...serverOptions, reply: once("MAIL", reply) }, options);
      const isPermanent = reply.startsWith("5");
      const error = await refused(fixture, [to, eve]);
      expect(error).toMatchObject({
        phase: "mail",
        isPermanent,
        isTemporary: !isPermanent,
        mayHaveBeenSent: false,
      });
      expect(error.recipients).toMatchObject([
        { address: to, status: "refused", reply: { code: Number(reply.slice(0, 3)) } },
        { address: eve, status: "refused" },
      ]);
      await goesOn(fixture);
    },
  );

  test.each(["452 4.2.2 Full.", "554 5.6.0 Spam."])(
    "rejects when the message is refused with %j",
    async (reply) => {
      let left = 2;
      const reject: EsmtpHook = (verb) => {
        if (verb !== "." || left === 0) return undefined;
        left -= serverOptions.lmtp === true ? 1 : 2;
        return reply;
      };
      await using fixture = await onServer({ ...serverOptions, reply: reject }, options);
      const isPermanent = reply.startsWith("5");
      const error = await refused(fixture, [to, eve]);
      expect(error).toMatchObject({
        phase: "message",
        isPermanent,
        mayHaveBeenSent: false,
        bytesTransferred: message.length,
      });
      expect(error.cause).toMatchObject({ command: "the message", reply: { text: reply.slice(10) } });
      expect(error.recipients).toMatchObject([
        { status: "refused", reply: { code: Number(reply.slice(0, 3)) } },
        { status: "refused", reply: { code: Number(reply.slice(0, 3)) } },
      ]);
      expect([fixture.got("bob"), fixture.got("eve")]).toEqual([[], []]);
      await goesOn(fixture);
    },
  );

  test("tells the same recipient twice, by its place", async () => {
    let count = 0;
    const second: EsmtpHook = (verb) => {
      if (verb !== "RCPT") return undefined;
      count += 1;
      return count === 2 ? "550 5.5.0 Again?" : undefined;
    };
    await using fixture = await onServer({ ...serverOptions, reply: second }, options);
    const result = await fixture.session.sendMail(from, [to, to, to], message);
    expect(result.recipients.map(({ status }) => status)).toEqual(["accepted", "refused", "accepted"]);
    expect(result.accepted).toEqual([to, to]);
    await goesOn(fixture);
  });
});

describe("DATA", () => {
  test.each(["PIPELINING", "SIZE"])(
    "that is refused is a refusal of all who were accepted; server with %s",
    async (extension) => {
      const refuse = once("DATA", "451 4.3.0 Not now.");
      const reply: EsmtpHook = (...asked) => refuse(...asked) ?? byName(...asked);
      await using fixture = await onServer({ extensions: [extension], reply });
      const error = await refused(fixture, [to, none]);
      expect(error).toMatchObject({ phase: "data", isTemporary: true, mayHaveBeenSent: false });
      expect(error.recipients).toMatchObject([
        { status: "refused", reply: { code: 451 } },
        { status: "refused", reply: { code: 550 } },
      ]);
      await goesOn(fixture);
    },
  );
});

test("a server that refuses the sender and wants the message gets none, not even an empty one", async () => {
  for (const lmtp of [false, true]) {
    // It says no, and does it nevertheless.
    await using fixture = await onServer({
      lmtp,
      extensions: ["PIPELINING"],
      reply: (verb) => (verb === "MAIL" ? { reply: "503 There is one.", skip: false } : undefined),
    });
    const error = await refused(fixture, [to]);
    expect(error).toMatchObject({
      phase: "mail",
      mayHaveBeenSent: false,
      recipients: [{ status: "refused" }],
    });
    await fixture.server.sessions[0]?.ended;
    expect(fixture.server.received).toEqual([]);
    expect(fixture.session.isOpen).toBe(false);
  }
});
