// startEsmtpServer: what a test lets it say and do instead of the right thing.
import { Socket } from "node:net";
import { failureOf, gate } from "@netcli/test-kit";
import { type EsmtpAnswer, type EsmtpServer, startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { base64, greeted, identity, RawClient, trusting } from "./raw-client.ts";

const ENVELOPE = ["MAIL FROM:<ann@example.org>", "RCPT TO:<bob@example.org>"];

/** A server that answers one verb in that way. */
function faulty(verb: string, answer: EsmtpAnswer): Promise<EsmtpServer> {
  return startEsmtpServer({ reply: (asked) => (asked === verb ? answer : undefined) });
}

describe("an answer in words", () => {
  test("stands for the reply, and the command is not done unless it says yes", async () => {
    await using fixture = await greeted({
      reply: (verb, line, session) => {
        if (line.includes("eve")) return "450 4.2.0 Later,\n450 4.2.0 perhaps.";
        return verb === "RCPT" ? `250 As you like, number ${session.number}.` : undefined;
      },
    });
    const { client, server } = fixture;
    await client.command("MAIL FROM:<>");
    expect(await client.command("RCPT TO:<bob@example.org>")).toBe("250 As you like, number 1.");
    await client.send("RCPT TO:<eve@example.org>\r\n");
    expect(await client.replies(2)).toEqual(["450 4.2.0 Later,", "450 4.2.0 perhaps."]);
    await client.command("DATA");
    await client.command(".");
    expect(server.received).toMatchObject([{ to: [{ address: "bob@example.org" }] }]);
    expect(server.violations).toEqual([]);
  });

  test("stands for the greeting; behind a refusal there is no service", async () => {
    await using server = await faulty("CONNECT", "554 Go away.");
    await using client = await RawClient.open(server);
    expect(client.greeting).toBe("554 Go away.");
    expect(await client.commands("EHLO a.example", "QUIT")).toEqual([
      "503 There is no service here.",
      "221 Goodbye.",
    ]);
  });

  test("ends the connection when it is 421", async () => {
    await using server = await faulty("MAIL", "421 4.3.2 Enough.");
    await using client = await RawClient.open(server);
    await client.command("EHLO a.example");
    await client.send("NOOP\r\nMAIL FROM:<>\r\nNOOP\r\n");
    expect(await client.replies(2)).toEqual(["250 2.0.0 Nothing done.", "421 4.3.2 Enough."]);
    expect(await client.end()).toBeUndefined();
  });

  test("refuses DATA before the content, and the message behind it", async () => {
    let asked = "DATA";
    await using fixture = await greeted({
      reply: (verb) => (verb === asked ? "554 5.7.1 Spam." : undefined),
    });
    const { client, server } = fixture;
    expect((await client.commands(...ENVELOPE, "DATA")).at(-1)).toBe("554 5.7.1 Spam.");
    asked = ".";
    expect((await client.commands("DATA", ".")).at(-1)).toBe("554 5.7.1 Spam.");
    expect(server.received).toHaveLength(1);
    expect(server.mailboxes.messagesOf("bob")).toEqual([]);
  });

  test("refuses a chunk, whose bytes come nevertheless, or stands for its reply", async () => {
    const answers = ["250 Thanks.", "452 4.3.1 Full.", undefined, undefined, "250 All of it."];
    await using fixture = await greeted({
      reply: (verb) => (verb === "BDAT" ? answers.shift() : undefined),
    });
    const { client, server } = fixture;
    await client.commands(...ENVELOPE);
    await client.send("BDAT 1\r\naBDAT 1\r\nbBDAT 1\r\ncBDAT 0 LAST\r\n");
    expect(await client.replies(4)).toEqual([
      "250 Thanks.",
      "452 4.3.1 Full.",
      "503 5.5.1 A chunk was refused.",
      "503 5.5.1 A chunk was refused.",
    ]);
    expect(server.received).toEqual([]);
    await client.commands(...ENVELOPE);
    expect(await client.command("BDAT 0 LAST")).toBe("250 All of it.");
    expect(server.mailboxes.messagesOf("bob")).toHaveLength(1);
    expect(server.violations).toEqual([]);
  });

  test("stands for a challenge, and for what comes behind the response", async () => {
    let answers: EsmtpAnswer[] = ["334 not base64", "454 4.7.0 Later."];
    await using fixture = await greeted({
      users: { ann: "secret" },
      reply: (verb) => (["AUTH", "SASL"].includes(verb) ? answers.shift() : undefined),
    });
    const { client, server } = fixture;
    expect(await client.commands("AUTH PLAIN", base64("\0ann\0secret"))).toEqual([
      "334 not base64",
      "454 4.7.0 Later.",
    ]);
    expect(server.sessions[0]?.user).toBeUndefined();
    answers = ["535 5.7.8 No."];
    expect(await client.command("AUTH PLAIN")).toBe("535 5.7.8 No.");
    answers = ["235 Welcome."];
    expect(await client.command(`AUTH PLAIN ${base64("\0ann\0secret")}`)).toBe("235 Welcome.");
    expect(server.sessions[0]?.user).toBe("ann");
  });

  test("can wait for something", async () => {
    const { opened, open } = gate();
    await using fixture = await greeted({
      reply: async (verb) => {
        if (verb === "NOOP") await opened;
        return undefined;
      },
    });
    const { client } = fixture;
    await client.send("MAIL FROM:<>\r\nNOOP\r\n");
    const replies = client.replies(2);
    expect(await Promise.race([replies, later()])).toBe("later");
    open();
    expect(await replies).toEqual(["250 2.1.0 Sender noted.", "250 2.0.0 Nothing done."]);
  });
});

describe("a fault", () => {
  test.each(["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"])(
    "drops the connection instead of answering %s",
    async (verb) => {
      await using server = await faulty(verb, "drop");
      await using client = await RawClient.connect(server);
      const lines = ["EHLO a.example", ...ENVELOPE, "DATA", ".", "QUIT"];
      const verbs = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"];
      for (const line of ["", ...lines].slice(0, verbs.indexOf(verb))) {
        if (line !== "") await client.send(`${line}\r\n`);
        await client.reply();
      }
      if (verb !== "CONNECT") await client.send(`${lines[verbs.indexOf(verb) - 1]}\r\n`);
      expect(await client.end()).toBeUndefined();
      expect(server.mailboxes.messagesOf("bob")).toHaveLength(verb === "QUIT" ? 1 : 0);
      expect(server.received).toHaveLength(verb === "." || verb === "QUIT" ? 1 : 0);
      expect(server.errors).toEqual([]);
    },
  );

  test("resets the connection", async () => {
    await using server = await faulty("NOOP", "reset");
    await using client = await RawClient.open(server);
    await client.send("NOOP\r\n");
    expect(await failureOf(client.reply())).toMatchObject({ cause: { code: "ECONNRESET" } });
  });

  test.each([
    // A record of TLS 1.3 with an alert in it.
    ["end", 24],
    ["truncate", 0],
  ] as const)("ends TLS with close_notify, or without (%s)", async (end, bytes) => {
    await using server = await startEsmtpServer({
      tls: identity,
      tlsMode: "implicit",
      reply: (verb) => (verb === "RSET" ? { reply: null, end } : undefined),
    });
    await using client = await RawClient.connect(server);
    const { socket } = client.connection;
    if (!(socket instanceof Socket)) throw new Error("that is no TCP socket");
    await client.connection.startTls(trusting);
    expect(await client.reply()).toMatch(/^220 /);
    await client.command("NOOP");
    const before = socket.bytesRead;
    await client.send("RSET\r\n");
    expect(await client.end()).toBeUndefined();
    expect(socket.bytesRead - before).toBe(bytes);
    expect(server.errors).toEqual([]);
  });

  test("says nothing more, but still listens", async () => {
    await using fixture = await greeted({ reply: (verb) => (verb === "MAIL" ? "stall" : undefined) });
    const { client, server } = fixture;
    await client.send("RSET\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n");
    expect(await client.reply()).toMatch(/^250 /);
    expect(await client.end()).toBeUndefined();
    expect(server.commands.slice(1)).toEqual(["RSET", "MAIL FROM:<>", "RSET", "QUIT"]);
  });

  test("stores the message and drops the connection", async () => {
    await using server = await faulty(".", { reply: null, end: "end" });
    await using client = await RawClient.open(server);
    await client.commands("EHLO a.example", ...ENVELOPE, "DATA");
    await client.send("\r\n.\r\n");
    expect(await client.end()).toBeUndefined();
    expect(server.mailboxes.messagesOf("bob")).toHaveLength(1);
  });

  test("says what is no reply at all", async () => {
    await using server = await faulty("NOOP", { reply: ["250-a", "251 b"], raw: "no reply\n", skip: true });
    await using client = await RawClient.open(server);
    await client.send("NOOP\r\n");
    for (const line of ["250-a", "251 b", "no reply"]) expect(await client.end()).toBe(line);
  });

  test("strikes in the middle of a message over DATA", async () => {
    const content = { after: 5, reply: "552 5.3.4 Too much.", end: "end" } as const;
    await using server = await faulty("DATA", { content });
    await using client = await RawClient.open(server);
    await client.commands("EHLO a.example", ...ENVELOPE, "DATA");
    await client.send("1234");
    await client.send("5678");
    expect(await client.reply()).toBe("552 5.3.4 Too much.");
    expect(await client.end()).toBeUndefined();
    expect(server.received).toEqual([]);
    expect(server.flights).toBe(5);
  });

  test("refuses a message before it is there whole, and goes on behind it", async () => {
    const content = { after: 2, reply: "552 5.3.4 Too much." } as const;
    let isFirst = true;
    await using fixture = await greeted({
      reply: (verb) => {
        if (!isFirst || (verb !== "DATA" && verb !== "BDAT")) return undefined;
        isFirst = false;
        return { content };
      },
    });
    const { client, server } = fixture;
    await client.commands(...ENVELOPE, "DATA");
    await client.send("1234");
    expect(await client.reply()).toBe("552 5.3.4 Too much.");
    await client.send("5678\r\n.\r\n");
    expect(await client.mail("\r\n", "bob@example.org")).toMatch(/^250 /);
    isFirst = true;
    await client.commands(...ENVELOPE);
    await client.send("BDAT 4\r\n12");
    expect(await client.reply()).toBe("552 5.3.4 Too much.");
    await client.send("34BDAT 0 LAST\r\n");
    expect(await client.reply()).toBe("503 5.5.1 A chunk was refused.");
    expect(await client.mail("\r\n", "bob@example.org")).toMatch(/^250 /);
    expect(server.mailboxes.messagesOf("bob")).toHaveLength(2);
    expect(server.violations).toEqual([]);
  });

  test("strikes in the middle of a chunk", async () => {
    await using server = await faulty("BDAT", { content: { after: 5, end: "reset" } });
    await using client = await RawClient.open(server);
    await client.commands("EHLO a.example", ...ENVELOPE);
    await client.send("BDAT 10 LAST\r\n12345");
    expect(await failureOf(client.reply())).toMatchObject({ cause: { code: "ECONNRESET" } });
    expect(server.received).toEqual([]);
  });

  test("holds a message up until something has happened", async () => {
    const { opened, open } = gate();
    await using server = await faulty("DATA", { content: { after: 0, wait: opened } });
    await using client = await RawClient.open(server);
    await client.commands("EHLO a.example", ...ENVELOPE, "DATA");
    const size = 20_000_000;
    const sent = client.send(`${"x".repeat(size)}\r\n.\r\n`).then(() => client.connection.flush());
    const first = await Promise.race([sent.then(() => "sent"), client.connection.closed, later()]);
    expect(first).toBe("later");
    open();
    await sent;
    expect(await client.reply()).toMatch(/^250 /);
    expect(server.received[0]?.data).toHaveLength(size + 2);
  });
});

/** So many turns of the event loop that what can be sent is sent. */
async function later(): Promise<"later"> {
  for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  return "later";
}

describe("a session", () => {
  test("says what nobody has asked for, and ends when it is told", async () => {
    await using server = await startEsmtpServer();
    await using client = await RawClient.open(server);
    await server.sessions[0]?.say("421-Shutting", "421 down.");
    expect(await client.reply()).toBe("421-Shutting\n421 down.");
    server.sessions[0]?.end();
    await server.sessions[0]?.ended;
    expect(await client.end()).toBeUndefined();
  });
});
