// startPop3Server: what it says is cut off and taken apart where a test wants it.
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { faulty, identity, later, RawClient, start, trusting } from "./raw-client.ts";

/** All that comes, in the pieces in which it comes. */
async function pieces({ connection }: RawClient): Promise<string[]> {
  const read: string[] = [];
  for await (const chunk of connection.readToEnd()) read.push(Buffer.from(chunk).toString());
  return read;
}

describe("a cut", () => {
  const reply = "+OK 9 octets\r\n\r\nThree\r\n.\r\n";

  test.each(Array.from({ length: reply.length + 1 }, (_byte, after) => after))(
    "behind %d bytes of a reply leaves so many",
    async (after) => {
      await using server = await faulty("RETR", { cut: { after } });
      await using client = await RawClient.open(server);
      await client.logIn();
      await client.send("DELE 1\r\nRETR 3\r\n");
      expect(await client.line()).toBe("+OK Message 1 is marked.");
      expect((await pieces(client)).join("")).toBe(reply.slice(0, after));
      await server.sessions[0]?.ended;
      expect(server.deleted).toEqual([]);
      expect(server.errors).toEqual([]);
    },
  );

  const session = "+OK test.invalid POP3 ready\r\n+OK Go on.\r\n+OK 3 messages (70 octets)\r\n+OK 3 70\r\n";

  test.each(Array.from({ length: session.length }, (_byte, after) => after))(
    "behind %d bytes of a session leaves so many",
    async (after) => {
      await using server = await faulty("CONNECT", { cut: { after, from: "session" } });
      await using client = await RawClient.connect(server);
      await client.send("USER ann\r\nPASS secret\r\nSTAT\r\n");
      expect((await pieces(client)).join("")).toBe(session.slice(0, after));
    },
  );

  test("can be a reset", async () => {
    await using server = await faulty("RETR", { cut: { after: 14, end: "reset" } });
    await using client = await RawClient.open(server);
    await client.logIn();
    expect(await client.command("RETR 3")).toBe("+OK 9 octets");
    expect(await failureOf(client.line())).toMatchObject({ cause: { code: "ECONNRESET" } });
  });

  test("that lies behind what was sent already comes at once", async () => {
    await using server = await faulty("STAT", { cut: { after: 3, from: "session" } });
    await using client = await RawClient.open(server);
    await client.logIn();
    await client.send("STAT\r\n");
    expect(await client.end()).toBeUndefined();
  });

  test("can be a wait, behind which the session goes on", async () => {
    const { opened, open } = gate();
    await using server = await faulty("RETR", { cut: { after: 14, wait: opened } });
    await using client = await RawClient.open(server);
    await client.logIn();
    expect(await client.command("RETR 3")).toBe("+OK 9 octets");
    const rest = client.block();
    expect(await Promise.race([rest, later()])).toBe("later");
    open();
    expect(await rest).toEqual(["", "Three"]);
    expect(await client.command("STAT")).toBe("+OK 3 70");
  });

  test("that waits for ever holds no server up", async () => {
    const { opened } = gate();
    const server = await faulty("RETR", { cut: { after: 1, wait: opened } });
    await using client = await RawClient.open(server);
    await client.logIn();
    await client.send("RETR 3\r\n");
    expect(Buffer.from(await client.connection.readExactly(1)).toString()).toBe("+");
    await server.close();
    expect(server.errors).toEqual([]);
  });
});

describe("a split", () => {
  test("takes a reply apart where the test wants it", async () => {
    await using server = await faulty("RETR", { split: { at: [1, 13, 14, 15, 24, 26] } });
    await using client = await RawClient.open(server);
    await client.logIn();
    await client.send("RETR 3\r\nQUIT\r\n");
    expect(await pieces(client)).toEqual([
      "+",
      "OK 9 octets\r",
      "\n",
      "\r",
      "\nThree\r\n.",
      "\r\n",
      "+OK Goodbye, 3 messages are left.\r\n",
    ]);
  });

  test("takes all that a session says apart, byte by byte", async () => {
    const at = Array.from({ length: 1_000 }, (_byte, index) => index);
    await using server = await faulty("CONNECT", { split: { at, from: "session" } });
    await using client = await RawClient.connect(server);
    await client.send("USER ann\r\nPASS secret\r\nRETR 2\r\nQUIT\r\n");
    const read = await pieces(client);
    expect(read.every((piece) => piece.length === 1)).toBe(true);
    expect(read.join("")).toMatch(/\r\n\.\.\r\n\.\.\.a\r\nb\r\n\.\r\n\+OK Goodbye.*\r\n$/s);
  });

  test("takes TLS records apart, too", async () => {
    await using server = await start({
      tls: identity,
      tlsMode: "implicit",
      reply: (verb) => (verb === "CAPA" ? { split: { at: [3, 5] } } : undefined),
    });
    await using client = await RawClient.open(server, trusting);
    await client.send("CAPA\r\nQUIT\r\n");
    expect((await pieces(client)).slice(0, 2)).toEqual(["+OK", " T"]);
  });

  test("may come before a cut", async () => {
    await using server = await faulty("CONNECT", { split: { at: [2, 9] }, cut: { after: 5 } });
    await using client = await RawClient.connect(server);
    expect(await pieces(client)).toEqual(["+O", "K t"]);
  });
});
