// APOP (RFC 1939 7), for who asks for it.
import { createHash } from "node:crypto";
import { NotSupportedError } from "@netcli/core-transport";
import { failureOf, scriptedServer } from "@netcli/test-kit";
import { startPop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { Pop3Session } from "../src/index.ts";
import { answer, say } from "./scripted-pop3.ts";

const user = "ada";
const password = "p4ssw0rd";

describe("APOP", () => {
  const timestamp = "<1896.697170952@dbc.mtview.ca.us>";

  test("has the digest of RFC 1939", async () => {
    await using server = await scriptedServer(async (peer) => {
      await say(peer, `+OK POP3 server ready ${timestamp}`);
      await answer(peer, "APOP mrose c4c9334bac560ecc979e58001b3e22fb", "+OK in");
      await peer.closed;
    });
    const { host, port } = server;
    const session = await Pop3Session.connect({ host, port });
    expect(await session.apop("mrose", "tanstaaf")).toMatchObject({ isOk: true });
    session.close();
  });

  test("is used where it is allowed and there is no mechanism", async () => {
    await using server = await startPop3Server({
      users: { ada: password },
      capabilities: ["USER"],
      apop: true,
    });
    const { host, port } = server;
    await using session = await Pop3Session.connect({ host, port, user, password, apop: true });
    expect(await session.stat()).toEqual({ count: 0, size: 0 });
    expect(server.commands.filter((line) => /^(?:APOP|USER|PASS)/.test(line))).toHaveLength(1);
  });

  test.each([
    "<1.2>",
    "<@>",
    "<a@>",
    "<@b>",
    "<a b@c>",
    "<a@b",
    "a@b>",
    "<a@b@c>",
    "<<a@b>",
    "<a\u00e9@b>",
    "<a\u0001@b>",
    "<a@b\u007f>",
    "",
  ])("does not hash what is no message id: %j (CVE-2007-1558)", async (bad) => {
    await using server = await scriptedServer(async (peer) => {
      await say(peer, `+OK ready ${bad}`);
      await peer.closed;
    });
    const { host, port } = server;
    const session = await Pop3Session.connect({ host, port });
    expect(await failureOf(session.apop(user, password))).toBeInstanceOf(NotSupportedError);
    session.close();
    await server.settled();
    expect(server.received.length).toBe(0);
  });

  test("hashes the password in UTF-8", async () => {
    const digest = createHash("md5").update(`${timestamp}gehe\u00efm`, "utf8").digest("hex");
    await using server = await scriptedServer(async (peer) => {
      await say(peer, `+OK ${timestamp}`);
      await answer(peer, `APOP ada ${digest}`, "+OK");
      await peer.closed;
    });
    const { host, port } = server;
    const session = await Pop3Session.connect({ host, port });
    expect(await session.apop("ada", "gehe\u00efm")).toMatchObject({ isOk: true });
    session.close();
    await server.close();
  });
});
