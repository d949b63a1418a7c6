// startPop3Server: what a test lets it say and do instead of the right thing.
import { Socket } from "node:net";
import { failureOf, gate } from "@netcli/test-kit";
import type { Pop3Answer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import {
  base64,
  faulty,
  greeted,
  identity,
  later,
  loggedIn,
  RawClient,
  start,
  trusting,
} from "./raw-client.ts";

describe("an answer in words", () => {
  test("stands for the reply, and the command is not done unless it says yes", async () => {
    await using fixture = await loggedIn({
      reply: (verb, line, session) => {
        if (line === "DELE 1") return `+OK As you like, number ${session.number}.`;
        if (line === "DELE 2") return "-ERR [SYS/TEMP] Not now.";
        return verb === "LIST" ? "+OK\n1 34\nnonsense\n." : undefined;
      },
    });
    const { client, server } = fixture;
    expect(await client.commands("DELE 1", "DELE 2", "STAT")).toEqual([
      "+OK As you like, number 1.",
      "-ERR [SYS/TEMP] Not now.",
      "+OK 2 36",
    ]);
    expect(await client.blockOf("LIST")).toEqual(["+OK", "1 34", "nonsense"]);
    await client.command("QUIT");
    expect(server.deleted).toHaveLength(1);
    expect(server.violations).toEqual([]);
  });

  test("stands for the greeting", async () => {
    await using server = await faulty("CONNECT", "-ERR [SYS/PERM] Go away.");
    await using client = await RawClient.open(server);
    expect(client.greeting).toBe("-ERR [SYS/PERM] Go away.");
  });

  test("refuses QUIT: nothing is deleted, and the connection ends", async () => {
    await using server = await faulty("QUIT", "-ERR Some messages were not removed.");
    await using client = await RawClient.open(server);
    await client.logIn();
    expect(await client.commands("DELE 1", "QUIT")).toEqual([
      "+OK Message 1 is marked.",
      "-ERR Some messages were not removed.",
    ]);
    expect(await client.end()).toBeUndefined();
    expect(server.deleted).toEqual([]);
  });

  test("stands for a challenge, and for what comes behind the response", async () => {
    let answers: Pop3Answer[] = ["+ not base64", "-ERR [SYS/TEMP] Later."];
    await using fixture = await greeted({
      reply: (verb) => (["AUTH", "SASL"].includes(verb) ? answers.shift() : undefined),
    });
    const { client, server } = fixture;
    const response = base64("\0ann\0secret");
    expect(await client.commands("AUTH PLAIN", response)).toEqual(["+ not base64", "-ERR [SYS/TEMP] Later."]);
    answers = ["-ERR No."];
    expect(await client.command("AUTH PLAIN")).toBe("-ERR No.");
    expect(server.sessions[0]?.user).toBeUndefined();
    answers = ["+OK Welcome."];
    expect(await client.command(`AUTH PLAIN ${response}`)).toBe("+OK Welcome.");
    expect(server.sessions[0]?.user).toBe("ann");
  });

  test("can wait for something, but not for longer than the connection lasts", async () => {
    const { opened, open } = gate();
    const { opened: never } = gate();
    const { opened: asked, open: ask } = gate();
    await using fixture = await loggedIn({
      reply: async (verb) => {
        if (verb === "NOOP") await opened;
        if (verb === "QUIT") {
          ask();
          await never;
        }
        return undefined;
      },
    });
    const { client, server } = fixture;
    await client.send("NOOP\r\n");
    const reply = client.line();
    expect(await Promise.race([reply, later()])).toBe("later");
    open();
    expect(await reply).toBe("+OK Nothing done.");
    await client.command("DELE 1");
    await client.send("QUIT\r\n");
    await asked;
    client.connection.reset();
    await server.sessions[0]?.ended;
    expect(server.deleted).toEqual([]);
    expect(server.errors).toEqual([]);
  });
});

describe("a fault", () => {
  const lines = ["USER ann", "PASS secret", "LIST", "DELE 1", "QUIT"];

  test.each(["CONNECT", "USER", "PASS", "LIST", "DELE", "QUIT"])(
    "drops the connection instead of answering %s",
    async (verb) => {
      await using server = await faulty(verb, "drop");
      await using client = await RawClient.connect(server);
      if (verb !== "CONNECT") {
        await client.line();
        for (const line of lines) {
          await client.send(`${line}\r\n`);
          if (line.startsWith(verb)) break;
          if (line === "LIST") await client.block();
          else await client.line();
        }
      }
      expect(await client.end()).toBeUndefined();
      expect(server.deleted).toEqual([]);
      expect(server.errors).toEqual([]);
    },
  );

  test("deletes, and drops the connection instead of saying so", async () => {
    await using server = await faulty("QUIT", { reply: null });
    await using client = await RawClient.open(server);
    await client.logIn();
    await client.command("DELE 1");
    await client.send("QUIT\r\n");
    expect(await client.end()).toBeUndefined();
    expect(server.deleted).toHaveLength(1);
  });

  test("resets the connection", async () => {
    await using server = await faulty("CAPA", "reset");
    await using client = await RawClient.open(server);
    await client.send("CAPA\r\n");
    expect(await failureOf(client.line())).toMatchObject({ cause: { code: "ECONNRESET" } });
  });

  test.each([
    // A record of TLS 1.3 with an alert in it.
    ["end", 24],
    ["truncate", 0],
  ] as const)("ends TLS with close_notify, or without (%s)", async (end, bytes) => {
    await using server = await start({
      tls: identity,
      tlsMode: "implicit",
      reply: (verb) => (verb === "LANG" ? { reply: null, end } : undefined),
    });
    await using client = await RawClient.connect(server);
    const { socket } = client.connection;
    if (!(socket instanceof Socket)) throw new Error("that is no TCP socket");
    await client.connection.startTls(trusting);
    await client.line();
    await client.command("USER ann");
    const before = socket.bytesRead;
    await client.send("LANG\r\n");
    expect(await client.end()).toBeUndefined();
    expect(socket.bytesRead - before).toBe(bytes);
  });

  test.each(["USER", "QUIT"])("says nothing more from %s on, but still listens", async (verb) => {
    await using server = await faulty(verb, "stall");
    await using client = await RawClient.open(server);
    await client.send(`CAPA\r\n${verb}\r\nNOOP\r\n`);
    await client.block();
    client.connection.end();
    expect(await client.end()).toBeUndefined();
    expect(server.commands).toEqual(["CAPA", verb, "NOOP"]);
  });

  test("says what is no reply at all", async () => {
    await using server = await faulty("NOOP", {
      reply: null,
      raw: Buffer.from("\0\xff no reply\n", "latin1"),
    });
    await using client = await RawClient.open(server);
    await client.logIn();
    await client.send("NOOP\r\n");
    expect(Buffer.from(await client.connection.readExactly(12)).toString("latin1")).toBe("\0\xff no reply\n");
    expect(await client.command("STAT")).toBe("+OK 3 70");
  });

  test("says more than was asked for, and a session says it at any time", async () => {
    await using server = await faulty("NOOP", { raw: "+OK And this.\r\n" });
    await using client = await RawClient.open(server);
    await client.logIn();
    await client.send("NOOP\r\n");
    expect(await client.lines(2)).toEqual(["+OK Nothing done.", "+OK And this."]);
    await server.sessions[0]?.say("-ERR Shutting", "down.");
    expect(await client.lines(2)).toEqual(["-ERR Shutting", "down."]);
    server.sessions[0]?.end();
    await server.sessions[0]?.ended;
    expect(await client.end()).toBeUndefined();
  });
});
