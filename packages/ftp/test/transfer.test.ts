// retrBinary: whatever the order of data, its end and the final reply; refusals.
import { failureOf, gate } from "@netcli/test-kit";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { type FtpOptions, FtpSession } from "../src/index.ts";
import { dataClosed, loggedIn, pattern, refuseUnhandled, nowhere } from "./fixtures.ts";
import { type Ftp, ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

async function retrieved(session: FtpSession, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const { bytes } = await session.retrBinary(`RETR ${name}`, (chunk) => chunks.push(chunk));
  const content = Buffer.concat(chunks);
  expect(bytes).toBe(content.length);
  return content;
}

describe("a retrieval", () => {
  test("is of any size, byte for byte, one after the other", async () => {
    const sizes = [0, 1, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 0, 5_000_000];
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      for (const size of sizes) await ftp.give(`file ${size}`, pattern(size));
    });
    for (const size of sizes) {
      expect((await retrieved(fixture.session, `file ${size}`)).equals(pattern(size))).toBe(true);
    }
  });

  const content = pattern(300_000);
  const orders: [string, (ftp: Ftp) => Promise<void>][] = [
    [
      "before the data",
      async (ftp) => {
        const port = await ftp.passive();
        await ftp.answer("RETR a", "150 here", "226 done");
        const data = await port.connected();
        await data.send(content);
        data.end();
      },
    ],
    [
      "in the middle of the data",
      async (ftp) => {
        const data = await ftp.begin("a");
        await data.send(content.subarray(0, 100_000));
        await ftp.say("226 done");
        await data.send(content.subarray(100_000));
        data.end();
      },
    ],
    [
      "before the end of the data",
      async (ftp) => {
        const data = await ftp.begin("a");
        await data.send(content);
        await ftp.say("226 done");
        await sleep(30);
        data.end();
      },
    ],
    [
      "long after the data",
      async (ftp) => {
        const data = await ftp.begin("a");
        await data.send(content);
        data.end();
        await data.closed;
        await sleep(30);
        await ftp.say("226 done");
      },
    ],
    [
      "with more preliminary replies between",
      async (ftp) => {
        const data = await ftp.begin("a");
        await ftp.say("150 still at it");
        await data.send(content);
        data.end();
        await ftp.say("150 4.2 seconds", "226-so", "226 done");
      },
    ],
    [
      "without a preliminary one",
      async (ftp) => {
        const port = await ftp.passive();
        await ftp.answer("RETR a", "250 done");
        const data = await port.connected();
        await data.send(content);
        data.end();
      },
    ],
    [
      "with data that came before the preliminary one",
      async (ftp) => {
        const port = await ftp.passive();
        await ftp.expect("RETR a");
        const data = await port.connected();
        await data.send(content.subarray(0, 50_000));
        data.end();
        await sleep(10);
        await ftp.say("150 here", "226 done");
      },
    ],
  ];

  test.each(orders)("is complete with the final reply %s", async (name, script) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await script(ftp);
      await ftp.prove();
    });
    const expected = name.startsWith("with data") ? content.subarray(0, 50_000) : content;
    expect((await retrieved(fixture.session, "a")).equals(expected)).toBe(true);
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test.each([
    ["426 aborted", "426"],
    ["451 the disk is broken", "451"],
    ["552 too much", "552"],
    ["350 pending", "350"],
  ])("fails when the final reply is %s, though all data came", async (reply) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(1_000));
      data.end();
      await ftp.say(reply);
      await ftp.prove();
    });
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ command: "RETR a", reply: { lines: [reply] } });
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("fails with the server's reason when it resets the data connection midway", async () => {
    const { opened: taken, open: take } = gate();
    const { trace, closed } = dataClosed();
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const data = await ftp.begin("a");
        await data.send(pattern(1_000));
        await taken;
        data.reset();
        await closed;
        await ftp.say("451 the disk is broken");
        await ftp.prove();
      },
      { trace },
    );
    const error = await failureOf(fixture.session.retrBinary("RETR a", take));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ reply: { code: 451 }, cause: { code: "ERR_NETCLI_CLOSED" } });
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("fails when the data connection was reset, even if the server says that all is well", async () => {
    const { opened: taken, open: take } = gate();
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(1_000));
      // A reset that overtakes the data comes to light only by the number of bytes: Node reports an end.
      await taken;
      data.reset();
      await ftp.say("226 done");
      await ftp.prove();
    });
    const error = await failureOf(fixture.session.retrBinary("RETR a", take));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test.each([["closes"], ["leaves open"]])(
    "that is refused fails at once, though the server %s the data connection",
    async (how) => {
      await using fixture = await loggedIn(async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const port = await ftp.passive();
        await ftp.answer("RETR a", "550 no such file");
        const data = await port.connected();
        if (how === "closes") data.close();
        await data.closed;
        await ftp.prove();
      });
      const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
      expect(error).toMatchObject({ command: "RETR a", reply: { code: 550 }, isPermanent: true });
      expect(await fixture.session.pwd()).toBe("/here");
    },
  );

  test("fails at once when the server gives up but leaves the data connection open", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(1_000));
      await ftp.say("451 the disk is broken");
      await data.closed;
      await ftp.prove();
    });
    expect(await failureOf(fixture.session.retrBinary("RETR a", nowhere))).toBeInstanceOf(ReplyError);
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("fails with 421 as its last reply when the server closes the control connection midway", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(1_000));
      await ftp.say("421 shutting down");
    });
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ lastReply: { code: 421, text: "shutting down" } });
    expect(await failureOf(fixture.session.pwd())).toMatchObject({ lastReply: { code: 421 } });
  });

  test("leaves no data connection open, not even through a tunnel whose other half would stay", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.give("a", pattern(10));
      await data.closed;
      await ftp.prove();
    });
    const { host, port } = server;
    const proxy: FtpOptions["proxy"] = async (target) => {
      const socket = connect({ host, port: target.port, allowHalfOpen: true });
      await once(socket, "connect");
      return socket;
    };
    await using session = await FtpSession.connect({ host, port, user: "anonymous", proxy });
    expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
    expect(await session.pwd()).toBe("/here");
  });

  test.each(["off", "safe"] as const)(
    "is not tried where binary transfers are refused, pipelining %s",
    async (pipelining) => {
      await using fixture = await loggedIn(
        async (ftp) => {
          await ftp.answer("TYPE I", "504 no");
          if (pipelining === "safe") await (await (await ftp.passive()).connected()).closed;
          await ftp.answer("TYPE I", "200 binary");
          await ftp.give("a", pattern(10));
        },
        { pipelining },
      );
      const { session } = fixture;
      expect(await failureOf(session.retrBinary("RETR a", nowhere))).toMatchObject({ command: "TYPE I" });
      expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
    },
  );
});
