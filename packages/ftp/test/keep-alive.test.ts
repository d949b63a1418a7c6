// What is sent during a transfer: NOOPs (keepAlive) and the next EPSV, and servers that answer out of their turn.
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { loggedIn, nowhere, pattern, refuseUnhandled } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";
import { epsvReply } from "./scripted-ftp.ts";

refuseUnhandled();

describe("keepAlive", () => {
  test("says NOOP during a transfer, and none before or behind it", async () => {
    const { opened: said, open: say } = gate();
    await using fixture = await onOwnServer(
      {
        onCommand: ({ verb }) => (verb === "RETR" ? { data: { cut: { after: 5, wait: said } } } : undefined),
      },
      {
        keepAlive: 5,
        trace: ({ kind, text }) => {
          if (kind === "sent" && text === "NOOP") say();
        },
      },
    );
    const { session, put, since } = fixture;
    await put("a", "0123456789");
    await session.type("I");
    const commands = since();
    expect(await session.retrBinary("RETR a", nowhere, { rest: 2 })).toMatchObject({
      bytes: 8,
      reply: { code: 226 },
    });
    expect(await session.pwd()).toBe("/");
    expect(commands().slice(0, 3)).toEqual(["EPSV", "REST 2", "RETR a"]);
    expect(commands().slice(3, -1)).toContain("NOOP");
    expect(commands().at(-1)).toBe("PWD");
  });

  test.each([
    ["226 done", { bytes: 10, reply: { code: 226 } }],
    ["426 broken", { command: "RETR a", reply: { code: 426 } }],
  ])(
    "is answered at once by some servers: the transfer's own reply is %j all the same",
    async (last, expected) => {
      await using fixture = await loggedIn(
        async (ftp) => {
          await ftp.answer("TYPE I", "200 binary");
          const data = await ftp.begin("a");
          await data.send(pattern(10));
          await ftp.answer("NOOP", "200 still here");
          data.end();
          await ftp.say(last);
          // NOOPs that were sent before the client had heard of the end.
          for (let line = await ftp.expect(/./); line === "NOOP"; line = await ftp.expect(/./))
            await ftp.say("200 still here");
          await ftp.say('257 "/here"');
        },
        { keepAlive: 20 },
      );
      const { session } = fixture;
      const outcome = await session.retrBinary("RETR a", nowhere).catch((error: unknown) => error);
      expect(outcome).toMatchObject(expected);
      expect(await session.pwd()).toBe("/here");
    },
  );

  test.each([0, -1, Number.NaN])("of %d is refused", async (keepAlive) => {
    expect(await failureOf(loggedIn(async () => undefined, { keepAlive }))).toMatchObject({
      message: expect.stringContaining("keepAlive"),
    });
  });

  test("of more than Node can wait is not at once", async () => {
    await using fixture = await onOwnServer({}, { keepAlive: 1e12 });
    await fixture.put("a", pattern(1_000_000));
    const commands = fixture.since();
    await fetched(fixture.session, "a");
    expect(commands()).not.toContain("NOOP");
  });
});

test("a server that answers EPSV during a transfer is understood: 426 is still the transfer's", async () => {
  await using fixture = await loggedIn(async (ftp) => {
    await ftp.answer("TYPE I", "200 binary");
    const port = await ftp.passive();
    await ftp.expect("RETR a");
    await ftp.say("150 here");
    const data = await port.connected();
    await data.send(pattern(10));
    const next = await ftp.listen();
    await ftp.answer("EPSV", epsvReply(next.port));
    data.end();
    await ftp.say("426 broken");
    await ftp.give("b", pattern(20));
  });
  const { session } = fixture;
  const first = failureOf(session.retrBinary("RETR a", nowhere));
  const second = session.retrBinary("RETR b", nowhere);
  expect(await first).toMatchObject({ reply: { code: 426 } });
  expect(await second).toMatchObject({ bytes: 20 });
});
