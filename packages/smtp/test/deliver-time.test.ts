// How long a delivery takes, and how it ends early: domains at the same time, aborts, servers that do not answer.
import { describe, expect, test } from "vitest";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { startEsmtpServer } from "@netcli/test-servers";
import { deliver, type DeliverOptions } from "../src/deliver.ts";
import { mailHosts } from "./mail-hosts.ts";
import { zone } from "./zone.ts";

const message =
  "From: a@sender.example\r\nTo: b@one.example\r\nBcc: c@two.example\r\nSubject: x\r\n\r\nHello\r\n";

const resolver = zone({
  "one.example": { mx: [[10, "mx.one.example"]] },
  "two.example": { mx: [[10, "mx.two.example"]] },
});

const options: DeliverOptions = { resolver, mtaSts: false, name: "client.example" };

describe("domains at the same time", () => {
  test("are as many as are asked for", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const five = zone(
      Object.fromEntries(
        names.map((name) => [`${name}.example`, { mx: [[1, `mx.${name}.example`]] as const }]),
      ),
    );
    const open = gate();
    let now = 0;
    let most = 0;
    const two = gate();
    await using server = await startEsmtpServer({
      reply: async (verb) => {
        if (verb !== "CONNECT") return;
        now += 1;
        most = Math.max(most, now);
        if (now === 2) two.open();
        await open.opened;
        now -= 1;
      },
    });
    const { proxy, called } = mailHosts(
      Object.fromEntries(names.map((name) => [`mx.${name}.example`, server.port])),
    );
    const to = names.map((name) => `x@${name}.example`);
    const delivering = deliver({ to, message }, { ...options, resolver: five, proxy, concurrency: 2 });
    await two.opened;
    expect(called).toHaveLength(2);
    open.open();
    expect((await delivering).accepted).toEqual(to);
    expect(most).toBe(2);
  });

  test.each([0, -1, 1.5, Number.NaN])("are not %d", async (concurrency) => {
    const delivering = deliver({ to: "b@one.example", message }, { ...options, concurrency });
    expect(await failureOf(delivering)).toBeInstanceOf(ArgumentError);
  });
});

describe("an abort", () => {
  test("before anything was sent rejects with its reason", async () => {
    const { proxy, called } = mailHosts({});
    const signal = AbortSignal.abort(new Error("enough"));
    expect(await failureOf(deliver({ message, signal }, { ...options, proxy }))).toMatchObject({
      message: "enough",
    });
    expect(await failureOf(deliver({ message }, { ...options, proxy, signal }))).toMatchObject({
      message: "enough",
    });
    expect(called).toEqual([]);
  });

  test("midway still tells who has got it", async () => {
    await using one = await startEsmtpServer();
    const stop = new AbortController();
    await using two = await startEsmtpServer({
      reply: (verb) => {
        if (verb !== "RCPT") return undefined;
        stop.abort(new Error("enough"));
        return "stall";
      },
    });
    const { proxy } = mailHosts({ "mx.one.example": one.port, "mx.two.example": two.port });
    const delivering = deliver({ message, signal: stop.signal }, { ...options, proxy, concurrency: 1 });
    expect((await delivering).recipients).toMatchObject([
      { status: "accepted" },
      { status: "unsent", error: { message: "enough" }, isTemporary: true },
    ]);
  });

  test("behind the message does not say that it was not sent", async () => {
    const stop = new AbortController();
    await using one = await startEsmtpServer({
      reply: (verb) => {
        if (verb !== ".") return undefined;
        stop.abort(new Error("enough"));
        return "stall";
      },
    });
    const { proxy } = mailHosts({ "mx.one.example": one.port });
    const mail = { to: "b@one.example", message, signal: stop.signal };
    expect((await deliver(mail, { ...options, proxy })).recipients).toMatchObject([
      { status: "unknown", isTemporary: false },
    ]);
  });
});

test("a server that does not answer QUIT holds nobody up for long", async () => {
  await using one = await startEsmtpServer({ reply: (verb) => (verb === "QUIT" ? "stall" : undefined) });
  const { proxy } = mailHosts({ "mx.one.example": one.port });
  const mail = { to: "b@one.example", message };
  const result = await deliver(mail, { ...options, proxy, timeouts: { close: 20 } });
  expect(result.accepted).toEqual(["b@one.example"]);
});
