// Verbs that are given up: what was not sent is not, what was is answered for nobody, and half a message ends the session.
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { from, identity, message, onServer, refuseUnhandled, to, turns } from "./own-smtp.ts";

refuseUnhandled();

describe("a signal", () => {
  test("gives up a verb, and the session goes on behind its answer", async () => {
    const { opened: answered, open: answer } = gate();
    await using fixture = await onServer({
      reply: async (verb) => {
        if (verb === "VRFY") await answered;
      },
    });
    const { session } = fixture;
    const controller = new AbortController();
    const asking = failureOf(session.verify("bob", { signal: controller.signal }));
    const noop = session.noop();
    await turns();
    controller.abort("enough");
    expect(await asking).toBe("enough");
    answer();
    expect(await noop).toMatchObject({ text: "Nothing done." });
  });

  test.each(["data", "bdat"] as const)(
    "that is aborted in the content of %s ends the session",
    async (verb) => {
      const { opened: asked, open: ask } = gate();
      const { opened: wait, open: goOn } = gate();
      await using fixture = await onServer({
        reply: (command) => {
          if (command !== "DATA" && command !== "BDAT") return undefined;
          ask();
          return { content: { after: 1, wait } };
        },
      });
      const { session, server } = fixture;
      const controller = new AbortController();
      const { signal } = controller;
      await session.mail(from);
      await session.rcpt(to);
      // More than is taken for a server that does not read.
      const big = Buffer.alloc(30_000_000, "0123456789abcde\n");
      const options = { signal, last: true };
      const sending = failureOf(verb === "data" ? session.data(big, options) : session.bdat(big, options));
      await asked;
      await turns();
      controller.abort("enough");
      expect(await sending).toBe("enough");
      expect(session.isOpen).toBe(false);
      goOn();
      await server.sessions[0]?.ended;
      expect(server.received).toEqual([]);
    },
  );

  test("that is aborted already lets nothing be sent", async () => {
    await using fixture = await onServer(
      { tls: identity, users: { ann: "secret", bob: "" } },
      { tls: "none" },
    );
    const { session, since } = fixture;
    const lines = since();
    const signal = AbortSignal.abort("enough");
    const asking: Promise<unknown>[] = [
      session.mail(from, { signal }),
      session.rcpt(to, { signal }),
      session.rset({ signal }),
      session.noop({ signal }),
      session.data(message, { signal }),
      session.bdat(message, { signal, last: true }),
      session.ehlo("x.example", { signal }),
      session.docmd("NOOP", "", { signal }),
      session.sendMail(from, to, message, { signal }),
      session.startTls({ signal }),
      session.login("ann", "secret", { signal }),
    ];
    for (const error of await Promise.all(asking.map(failureOf))) expect(error).toBe("enough");
    expect(lines()).toEqual([]);
    await session.noop();
  });
});
