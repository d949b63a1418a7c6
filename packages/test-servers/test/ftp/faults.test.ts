// startFtpServer: what it does wrong when it is asked to.
import { readFile, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { connect } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { type FtpFault, type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { authority, type Fixture, identity, loggedIn, RawClient } from "./raw-client.ts";

const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 251));

/** A client that is logged in to a server with a file, and with a fault of one verb. */
async function faulty(verb: string, fault: FtpFault, options: FtpServerOptions = {}): Promise<Fixture> {
  const fixture = await loggedIn({
    onCommand: (command) => (command.verb === verb ? fault : undefined),
    ...options,
  });
  await writeFile(join(fixture.server.root, "file"), content);
  return fixture;
}

describe("a reply", () => {
  test("is another one, or several, or none", async () => {
    await using fixture = await loggedIn({
      onCommand: ({ verb, nth }) => {
        if (verb === "SIZE") return { reply: "213 17" };
        if (verb === "HASH") return { reply: ["213 SHA-256 0-2 00 x", "226 and this"] };
        if (verb === "EPSV") return { reply: ([line]) => `${line}`.replace(/\d+\|\)/, "1|)") };
        if (verb === "NOOP" && nth === 1) return { reply: null };
        return undefined;
      },
    });
    const { client } = fixture;
    await writeFile(join(fixture.server.root, "x"), "abc");
    expect(await client.command("SIZE x")).toBe("213 17");
    expect(await client.command("HASH x")).toBe("213 SHA-256 0-2 00 x");
    expect(await client.reply()).toBe("226 and this");
    expect(await client.dataPort()).toBe(1);
    await client.connection.writeLine("NOOP");
    expect(await client.command("NOOP")).toMatch(/^200 /);
  });

  test("stands for what was not done", async () => {
    await using fixture = await faulty("DELE", { skip: true, reply: "250 Deleted." });
    expect(await fixture.client.command("DELE file")).toBe("250 Deleted.");
    await stat(join(fixture.server.root, "file"));
  });

  test("comes when the test wants it, and not at all when the client has left", async () => {
    const { opened, open } = gate();
    await using fixture = await loggedIn({
      onCommand: ({ verb }, { number }) => {
        if (verb !== "PWD") return undefined;
        return number === 1 ? { wait: opened } : { wait: new Promise(() => undefined) };
      },
    });
    const { server, client } = fixture;
    await client.connection.writeLine("PWD");
    await client.connection.writeLine("NOOP");
    await using other = await RawClient.open(server);
    await other.logIn();
    await other.connection.writeLine("PWD");
    await other.connection.close();
    await server.sessions[1]?.ended;
    open();
    expect(await client.reply()).toMatch(/^257 /);
    expect(await client.reply()).toMatch(/^200 /);
  });

  test("is said without a question, and the session ended", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await server.sessions[0]?.say("421 Too long.");
    server.sessions[0]?.end();
    expect(await client.reply()).toBe("421 Too long.");
    expect(await client.connection.readLine()).toBeUndefined();
  });

  test("is the greeting, too", async () => {
    await using server = await startFtpServer({
      onCommand: ({ verb }) =>
        verb === "CONNECT" ? { reply: "530 Too many users.", end: "end" } : undefined,
    });
    await using client = await RawClient.open(server);
    expect(client.greeting).toBe("530 Too many users.");
    expect(await client.connection.readLine()).toBeUndefined();
  });
});

describe("the control connection", () => {
  test.each([
    ["end", undefined],
    ["truncate", undefined],
    ["reset", "ERR_NETCLI_CLOSED"],
  ] as const)("is cut behind any byte (%s)", async (end, code) => {
    let after = 0;
    await using server = await startFtpServer({
      onCommand: ({ verb }) => (verb === "CONNECT" ? { control: { after, end } } : undefined),
    });
    for (after = 0; after <= "220 ready\r\n331 The".length; after += 1) {
      const connection = await connect(server);
      await connection.writeLine("USER tester");
      const received: string[] = [];
      let failure: unknown;
      try {
        for await (const chunk of connection.readToEnd()) received.push(Buffer.from(chunk).toString());
      } catch (error) {
        failure = (error as NodeJS.ErrnoException).code;
      }
      expect(received.join("")).toBe("220 ready\r\n331 The password, please.".slice(0, after));
      expect(failure).toBe(code);
      await connection.close();
    }
    expect(server.errors).toEqual([]);
  });

  test("stalls in the middle of a reply, over TLS as well", async () => {
    const { opened, open } = gate();
    const control = { after: 5, wait: opened };
    await using server = await startFtpServer({
      tls: identity,
      onCommand: ({ verb }) => (verb === "SYST" ? { control } : undefined),
    });
    await using client = await RawClient.open(server);
    await client.protect({ ca: authority.certificate });
    await client.connection.writeLine("SYST");
    expect(Buffer.from(await client.connection.readExactly(5)).toString()).toBe("215 U");
    open();
    expect(await client.connection.readLine()).toBe("NIX Type: L8");
    expect(await client.command("NOOP")).toMatch(/^200 /);
  });

  test("is closed with 421 in the middle of a transfer", async () => {
    await using fixture = await faulty("RETR", {
      data: { cut: { after: 1_000, end: "end" } },
      reply: "421 Going down.",
      end: "end",
    });
    const { client } = fixture;
    const { content: received, final } = await client.retrieve("RETR file");
    expect(received.equals(content.subarray(0, 1_000))).toBe(true);
    expect(final).toBe("421 Going down.");
    expect(await client.connection.readLine()).toBeUndefined();
  });

  test("is cut in front of the final reply of a transfer that was complete", async () => {
    await using fixture = await faulty("RETR", { reply: null, end: "reset" });
    const { client } = fixture;
    await using data = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    expect(content.equals(await data.readToEnd().bytes())).toBe(true);
    expect(await failureOf(client.reply())).toMatchObject({ code: "ERR_NETCLI_CLOSED" });
  });
});

describe("a data connection", () => {
  test.each([0, 1, 65_536, 99_999, 100_000])("is cut behind %d bytes of a download", async (after) => {
    await using fixture = await faulty("RETR", { data: { cut: { after, end: "end" } } });
    const { content: received, final } = await fixture.client.retrieve("RETR file");
    expect(received.equals(content.subarray(0, after))).toBe(true);
    expect(final).toMatch(/^426 /);
    expect(fixture.server.errors).toEqual([]);
  });

  test.each(["end", "truncate", "reset"] as const)("is cut during an upload (%s)", async (end) => {
    await using fixture = await faulty("STOR", { data: { cut: { after: 70_000, end } } });
    const { server, client } = fixture;
    await using data = await client.data();
    expect(await client.command("STOR up")).toMatch(/^150 /);
    const sent = data.writeContent(content).then(() => data.flush());
    expect(await client.reply()).toMatch(/^426 /);
    await sent.catch(() => undefined);
    expect(content.subarray(0, 70_000).equals(await readFile(join(server.root, "up")))).toBe(true);
    expect(server.errors).toEqual([]);
  });

  test("is reset, with a reply that all is well", async () => {
    await using fixture = await faulty("RETR", {
      data: { cut: { after: 50_000, end: "reset" } },
      reply: "226 Transfer complete.",
    });
    const { client } = fixture;
    await using data = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    expect(await failureOf(data.readToEnd().bytes())).toMatchObject({ code: "ERR_NETCLI_CLOSED" });
    expect(await client.reply()).toBe("226 Transfer complete.");
  });

  test("stalls, and then goes on or ends", async () => {
    const { opened, open } = gate();
    const { opened: never } = gate();
    await using fixture = await loggedIn({
      onCommand: ({ verb, nth }) => {
        if (verb !== "RETR") return undefined;
        return { data: { cut: { after: 10, wait: nth === 1 ? opened : never } } };
      },
    });
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), content);
    await using data = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    expect(content.subarray(0, 10).equals(await data.readExactly(10))).toBe(true);
    open();
    expect(content.subarray(10).equals(await data.readToEnd().bytes())).toBe(true);
    expect(await client.reply()).toMatch(/^226 /);
    await using stalled = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    await stalled.readExactly(10);
    expect(await client.command("ABOR")).toMatch(/^426 /);
    expect(await client.reply()).toMatch(/^226 /);
  });

  test("carries other bytes than it should", async () => {
    await using fixture = await faulty("RETR", { data: { alter: (chunk) => chunk.map((byte) => byte ^ 1) } });
    const { content: received, final } = await fixture.client.retrieve("RETR file");
    expect(received.equals(content.map((byte) => byte ^ 1))).toBe(true);
    expect(final).toMatch(/^226 /);
  });

  test("carries no more bytes a second than it should, in either direction", async () => {
    const bytesPerSecond = 1_000_000;
    await using fixture = await loggedIn({ onCommand: () => ({ data: { bytesPerSecond } }) });
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), content);
    const start = performance.now();
    expect((await client.retrieve("RETR file")).content.equals(content)).toBe(true);
    expect(performance.now() - start).toBeGreaterThan(90);
    const again = performance.now();
    await client.store("STOR up", content);
    expect(performance.now() - again).toBeGreaterThan(90);
    expect(content.equals(await readFile(join(server.root, "up")))).toBe(true);
  });
});

describe("the order of things", () => {
  test("is 226 and then the content", async () => {
    const { opened, open } = gate();
    await using fixture = await faulty("RETR", {
      replyWhen: "early",
      data: { cut: { after: 0, wait: opened } },
    });
    const { client } = fixture;
    await using data = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    expect(await client.reply()).toMatch(/^226 /);
    open();
    expect(content.equals(await data.readToEnd().bytes())).toBe(true);
    expect(await client.command("NOOP")).toMatch(/^200 /);
  });

  test("is the end of the content, and much later 226", async () => {
    const { opened, open } = gate();
    await using fixture = await faulty("RETR", { replyWhen: opened });
    const { client } = fixture;
    await using data = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    expect(content.equals(await data.readToEnd().bytes())).toBe(true);
    await client.connection.writeLine("NOOP");
    open();
    expect(await client.reply()).toMatch(/^226 /);
    expect(await client.reply()).toMatch(/^200 /);
  });

  test("has no 150, or another one", async () => {
    await using without = await faulty("RETR", { preliminary: null });
    await using data = await without.client.data();
    await without.client.connection.writeLine("RETR file");
    expect(content.equals(await data.readToEnd().bytes())).toBe(true);
    expect(await without.client.reply()).toMatch(/^226 /);
    await using other = await faulty("RETR", { preliminary: ["125-and", "125 so on"] });
    expect(await other.client.retrieve("RETR file")).toMatchObject({ preliminary: "125-and\n125 so on" });
  });
});

describe("a long way", () => {
  // Timers may be a little early.
  const slack = 8;

  test("takes its time for every round trip, to data ports, too", async () => {
    await using server = await startFtpServer({ delay: 20 });
    await writeFile(join(server.root, "file"), content);
    const start = performance.now();
    const roundTrips = (): number => (performance.now() - start + slack) / 40;
    await using client = await RawClient.open(server);
    expect(roundTrips()).toBeGreaterThan(2);
    await client.logIn();
    await client.command("TYPE I");
    expect(roundTrips()).toBeGreaterThan(5);
    expect((await client.retrieve("RETR file")).content.equals(content)).toBe(true);
    expect(roundTrips()).toBeGreaterThan(8);
    expect(await client.command("QUIT")).toMatch(/^221 /);
    expect(roundTrips()).toBeGreaterThan(9);
    expect(server.errors).toEqual([]);
  });

  test("leads to the client's port, too", async () => {
    await using fixture = await loggedIn({ delay: 10 });
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), content);
    await using listening = createServer().listen(0, "127.0.0.1");
    await once(listening, "listening");
    const address = listening.address() as AddressInfo;
    await client.command(`EPRT |1|127.0.0.1|${address.port}|`);
    const start = performance.now();
    const connected = once(listening, "connection") as Promise<[Socket]>;
    await client.connection.writeLine("RETR file");
    const [socket] = await connected;
    expect(performance.now() - start + slack).toBeGreaterThan(40);
    expect((await buffer(socket)).equals(content)).toBe(true);
    expect(await client.reply()).toMatch(/^150 /);
    expect(await client.reply()).toMatch(/^226 /);
  });

  test("carries TLS and uploads", async () => {
    await using server = await startFtpServer({ delay: 5, tls: identity, requireTls: true });
    await using client = await RawClient.open(server);
    await client.protect({ ca: authority.certificate });
    await client.logIn();
    await client.command("TYPE I");
    expect((await client.store("STOR up", content)).final).toMatch(/^226 /);
    expect((await client.retrieve("RETR up")).content.equals(content)).toBe(true);
    expect(server.errors).toEqual([]);
  });
});
