// Messages that come as streams: read once, or as often as a function gives them.
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { startEsmtpServer } from "@netcli/test-servers";
import { deliver, type DeliverOptions } from "../src/deliver.ts";
import { mailHosts } from "./mail-hosts.ts";
import { zone } from "./zone.ts";

const message =
  "From: a@sender.example\r\nTo: b@one.example\r\nBcc: c@two.example\r\nSubject: x\r\n\r\nHello\r\n";
const shown = "From: a@sender.example\r\nTo: b@one.example\r\nSubject: x\r\n\r\nHello\r\n";

const resolver = zone({
  "one.example": { mx: [[10, "mx.one.example"]] },
  "two.example": { mx: [[10, "mx.two.example"]] },
  "three.example": {
    mx: [
      [10, "mx1.three.example"],
      [20, "mx2.three.example"],
    ],
  },
});

const options: DeliverOptions = { resolver, mtaSts: false, name: "client.example" };

function textOf(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? []).toString();
}

/** The hosts of three.example. */
function ports(first: number, second: number): Record<string, number> {
  return { "mx1.three.example": first, "mx2.three.example": second };
}

async function* breaking(): AsyncGenerator<string> {
  yield "Subject: x\r\n\r\n";
  throw new Error("the disk is gone");
}

describe("a stream", () => {
  test("can go to one domain", async () => {
    await using one = await startEsmtpServer();
    const { proxy } = mailHosts({ "mx.one.example": one.port });
    const stream = Readable.from([message.slice(0, 30), message.slice(30)]);
    const result = await deliver({ to: "b@one.example", message: stream }, { ...options, proxy });
    expect(result.accepted).toEqual(["b@one.example"]);
    expect(textOf(one.received[0]?.data)).toBe(shown);
  });

  test("can't go to two domains, and nothing is sent", async () => {
    const { proxy, called } = mailHosts({});
    for (const to of [undefined, ["b@one.example", "c@two.example"]]) {
      const stream = Readable.from([message]);
      const error = await failureOf(deliver({ to, message: stream }, { ...options, proxy }));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error).toMatchObject({
        message: expect.stringContaining("a stream can't be sent to 2 domains"),
      });
      expect(stream.destroyed).toBe(true);
    }
    expect(called).toEqual([]);
  });

  test("of a function can go to any number of domains, and none is left open", async () => {
    await using one = await startEsmtpServer();
    await using two = await startEsmtpServer();
    const { proxy } = mailHosts({ "mx.one.example": one.port, "mx.two.example": two.port });
    const streams: Readable[] = [];
    const give = (): Readable => {
      const stream = Readable.from([message]);
      streams.push(stream);
      return stream;
    };
    const result = await deliver({ message: give }, { ...options, proxy });
    expect(result.accepted).toHaveLength(2);
    expect(streams).toHaveLength(2);
    for (const { received } of [one, two]) expect(textOf(received[0]?.data)).toBe(shown);
    await deliver({ to: "x@none.example", message: give }, { ...options, proxy });
    expect(streams).toHaveLength(3);
    expect(streams.every(({ destroyed }) => destroyed)).toBe(true);
  });

  test("that fails for its header is the caller's to hear of", async () => {
    const error = new Error("the disk is gone");
    const broken = (): Promise<never> => Promise.reject(error);
    expect(await failureOf(deliver({ to: "b@one.example", message: broken }, options))).toBe(error);
  });

  test("that fails later fails for its domain, and no other host is bothered", async () => {
    await using one = await startEsmtpServer();
    const { proxy, called } = mailHosts({ "mx1.three.example": one.port, "mx2.three.example": one.port });
    const mail = { from: "", to: "b@three.example", message: breaking };
    const result = await deliver(mail, { ...options, proxy });
    expect(result.recipients).toMatchObject([
      { status: "unsent", error: { message: "the disk is gone" }, isTemporary: true },
    ]);
    expect(called).toEqual(["mx1.three.example:25"]);
    expect(one.received).toEqual([]);
  });
});

describe("a stream for a domain of two hosts", () => {
  test("goes to the second one if the first one does not want to read it", async () => {
    for (const refused of ["CONNECT", "MAIL", "RCPT", "DATA"]) {
      await using first = await startEsmtpServer({
        reply: (verb) => (verb === refused ? "450 not now" : undefined),
      });
      await using second = await startEsmtpServer();
      const { proxy } = mailHosts(ports(first.port, second.port));
      const mail = { to: "b@three.example", message: Readable.from([message]) };
      const result = await deliver(mail, { ...options, proxy });
      expect(result.recipients).toMatchObject([{ status: "accepted", host: "mx2.three.example" }]);
      expect(textOf(second.received[0]?.data)).toBe(shown);
      expect(first.violations).toEqual([]);
    }
  });

  test("does not go in halves to the second one if the first one has read of it", async () => {
    await using first = await startEsmtpServer({
      reply: (verb) => (verb === "." ? "451 not now" : undefined),
    });
    await using second = await startEsmtpServer();
    const { proxy, called } = mailHosts(ports(first.port, second.port));
    const stream = Readable.from([message]);
    const result = await deliver({ to: "b@three.example", message: stream }, { ...options, proxy });
    expect(result.recipients).toMatchObject([
      { status: "refused", reply: { code: 451 }, host: "mx1.three.example", isTemporary: true },
    ]);
    expect(called).toHaveLength(1);
  });

  test("comes anew from a function, unless that fails", async () => {
    await using first = await startEsmtpServer({
      reply: (verb) => (verb === "." ? "451 not now" : undefined),
    });
    await using second = await startEsmtpServer();
    const { proxy } = mailHosts(ports(first.port, second.port));
    let calls = 0;
    const once = (): Readable => {
      calls += 1;
      if (calls > 1) throw new Error("the disk is gone");
      return Readable.from([message]);
    };
    const result = await deliver({ to: "b@three.example", message: once }, { ...options, proxy });
    expect(result.recipients).toMatchObject([
      { status: "refused", reply: { code: 451 }, error: { message: "the disk is gone" }, isTemporary: true },
    ]);
    expect(second.commands.some((line) => line.startsWith("MAIL"))).toBe(false);
    expect(second.sessions).toHaveLength(1);
  });

  test("comes anew from a function", async () => {
    await using first = await startEsmtpServer({
      reply: (verb) => (verb === "." ? "451 not now" : undefined),
    });
    await using second = await startEsmtpServer();
    const { proxy } = mailHosts(ports(first.port, second.port));
    const mail = { to: "b@three.example", message: () => Readable.from([message]) };
    expect((await deliver(mail, { ...options, proxy })).accepted).toEqual(["b@three.example"]);
    expect(textOf(second.received[0]?.data)).toBe(shown);
  });
});
