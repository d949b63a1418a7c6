// The end of a client: politely behind its mails, or at once; and whoever waits for whatever hears of it.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import type { EsmtpHook } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { SendError, SmtpClient } from "../src/index.ts";
import { clientOn, from, message, refuseUnhandled, to, turns } from "./own-smtp.ts";

refuseUnhandled();

const mail = { from, to, message };

/** The server has nothing to say to that until the test says so. */
function holding(held: string): { reply: EsmtpHook; asked: Promise<void>; goOn: () => void } {
  const { opened: asked, open: ask } = gate();
  const { opened: wait, open: goOn } = gate();
  const reply: EsmtpHook = async (verb) => {
    if (verb !== held) return;
    ask();
    await wait;
  };
  return { reply, asked, goOn };
}

describe("quit", () => {
  test.each(["safe", "full"] as const)(
    "waits for mails under way and for those that wait, and says goodbye in each session; %s",
    async (pipelining) => {
      const { reply, asked, goOn } = holding(".");
      await using fixture = await clientOn({ reply }, { connections: 2, pipelining });
      const { client, server, got } = fixture;
      const mails = Array.from({ length: 6 }, () => client.send(mail));
      await asked;
      let isOver = false;
      const quitting = client.quit().then(() => (isOver = true));
      await turns();
      expect(isOver).toBe(false);
      goOn();
      for (const { accepted } of await Promise.all(mails)) expect(accepted).toEqual([to]);
      await quitting;
      expect(got("bob")).toHaveLength(6);
      const { commands, sessions } = server;
      expect(commands.filter((line) => line === "QUIT")).toHaveLength(sessions.length);
    },
  );

  test("waits for a mail that is between two tries", async () => {
    let left = 1;
    const reply: EsmtpHook = (verb) => {
      if (verb !== "MAIL" || left === 0) return undefined;
      left -= 1;
      return "drop";
    };
    await using fixture = await clientOn({ reply }, { retries: 1 });
    const { client, server } = fixture;
    const sending = client.send(mail);
    await server.sessions[0]?.ended;
    await turns();
    await client.quit();
    expect((await sending).accepted).toEqual([to]);
  });

  test("takes no more mails, and may be called again", async () => {
    await using fixture = await clientOn();
    const { client } = fixture;
    const quitting = client.quit();
    expect(await failureOf(client.send(mail))).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(client.use((session) => session.noop()))).toBeInstanceOf(ConnectionClosedError);
    await quitting;
    await client.quit();
    client.close();
  });

  test("is what disposing does", async () => {
    await using fixture = await clientOn();
    const { host, port } = fixture.server;
    {
      await using other = await SmtpClient.connect({ host, port });
      void other.send(mail);
    }
    expect(fixture.got("bob")).toEqual([message]);
    expect(fixture.server.commands.at(-1)).toBe("QUIT");
  });

  test("leaves nobody waiting for a server that says nothing", async () => {
    await using fixture = await clientOn(
      { reply: (verb) => (verb === "QUIT" ? "stall" : undefined) },
      { timeouts: { close: 50 } },
    );
    await fixture.client.quit();
    await fixture.server.sessions[0]?.ended;
    expect(fixture.server.commands.at(-1)).toBe("QUIT");
  });
});

describe("close", () => {
  test("rejects what is under way and what waits, with what may have been sent", async () => {
    const { reply, asked, goOn } = holding(".");
    await using fixture = await clientOn({ reply }, { retries: 2 });
    const { client, server } = fixture;
    const mails = Array.from({ length: 3 }, () => failureOf(client.send(mail)));
    await asked;
    const using = failureOf(client.use((session) => session.noop()));
    client.close();
    const errors = await Promise.all(mails);
    expect(errors[0]).toBeInstanceOf(SendError);
    expect(errors[0]).toMatchObject({ mayHaveBeenSent: true, phase: "message" });
    for (const error of [...errors.slice(1), await using])
      expect(error).toBeInstanceOf(ConnectionClosedError);
    goOn();
    await server.sessions[0]?.ended;
    expect(server.sessions).toHaveLength(1);
    expect(server.commands).not.toContain("QUIT");
  });

  test("ends a quit that waits", async () => {
    const { reply, asked, goOn } = holding("DATA");
    await using fixture = await clientOn({ reply });
    const { client } = fixture;
    const sending = failureOf(client.send(mail));
    await asked;
    const quitting = client.quit();
    client.close();
    await quitting;
    expect(await sending).toBeInstanceOf(SendError);
    goOn();
  });

  test("gives up a session that is being opened", async () => {
    let connections = 0;
    const { opened: asked, open: ask } = gate();
    const reply: EsmtpHook = (verb) => {
      if (verb !== "CONNECT") return undefined;
      connections += 1;
      if (connections === 1) return undefined;
      ask();
      return "stall";
    };
    await using fixture = await clientOn({ reply }, { messagesPerSession: 1 });
    const { client, server } = fixture;
    await client.send(mail);
    const sending = failureOf(client.send(mail));
    await asked;
    client.close();
    expect(await sending).toBeInstanceOf(ConnectionClosedError);
    await Promise.all(server.sessions.map(({ ended }) => ended));
  });
});
