// Data connections in all ways: passive and active, new verbs and old ones, in clear and over TLS, IPv4 and IPv6.
import { once } from "node:events";
import { connect as netConnect, createServer } from "node:net";
import {
  ArgumentError,
  ConnectError,
  NotSupportedError,
  ReplyError,
  TimeoutError,
} from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import type { FtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { type FtpOptions, FtpSession } from "../src/index.ts";
import { identity, loggedIn, nowhere, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";
import { ftpServer } from "./scripted-ftp.ts";
import { upgrade } from "./tls-session.ts";

refuseUnhandled();

const ways: [string, string, FtpServerOptions["features"], FtpOptions["active"]][] = [
  ["EPSV", "127.0.0.1", {}, false],
  ["EPSV", "::1", {}, false],
  ["PASV", "127.0.0.1", { EPSV: 502 }, false],
  ["EPRT", "127.0.0.1", {}, true],
  ["EPRT", "::1", {}, true],
  ["PORT", "127.0.0.1", { EPRT: false }, true],
];
const protections = ["in clear", "explicit TLS", "implicit TLS"] as const;
const all = ways.flatMap((way) => protections.map((protection) => [...way, protection] as const));

describe("files of all sizes go up and come down,", () => {
  test.each(all)("%s, %s, %j, active %j, %s", async (verb, host, features, active, protection) => {
    const isSecure = protection !== "in clear";
    await using fixture = await onOwnServer(
      {
        host,
        features,
        ...(isSecure ? { tls: identity, requireTls: true, requireSessionReuse: active === false } : {}),
        tlsMode: protection === "implicit TLS" ? "implicit" : "starttls",
      },
      {
        active,
        tls: protection === "implicit TLS" ? "implicit" : isSecure ? "starttls" : "none",
      },
    );
    const { session, server, get } = fixture;
    for (const size of [0, 1, 65_537, 1_000_000]) {
      const content = pattern(size);
      expect(await session.storBinary(`STOR ${size}`, content)).toMatchObject({ bytes: size });
      expect((await get(String(size))).equals(content)).toBe(true);
      expect((await fetched(session, String(size))).equals(content)).toBe(true);
    }
    expect(await session.nlst()).toEqual(["0", "1", "1000000", "65537"]);
    expect(server.commands.some((line) => line.startsWith(verb))).toBe(true);
    const transfers = server.sessions[0]?.transfers ?? [];
    expect(transfers).toHaveLength(9);
    expect(transfers.every((each) => each.isSecure === isSecure)).toBe(true);
    // The server looks when a small upload to it may be over already, and its socket gone.
    const seen = transfers.filter((each) => each.verb !== "STOR" || each.bytes > 65_537 || active === false);
    expect(seen.every(({ isResumed }) => isResumed === isSecure)).toBe(true);
    expect(server.errors).toEqual([]);
  });

  test("in whichever way setPasv says, from the next one on", async () => {
    await using fixture = await onOwnServer();
    const { session, put, since } = fixture;
    await put("a", "content");
    const commands = since();
    for (const on of [false, true, false]) {
      session.setPasv(on);
      expect(await fetched(session, "a")).toEqual(Buffer.from("content"));
    }
    const asked = commands().map((line) => line.slice(0, 4));
    expect(asked).toEqual(["TYPE", "EPRT", "RETR", "EPSV", "RETR", "EPRT", "RETR"]);
  });

  test("also those that wait while the way is changed", async () => {
    await using fixture = await onOwnServer();
    const { session, put } = fixture;
    await put("a", "content");
    const transfers = ["RETR a", "RETR a", "RETR a", "RETR a"].map((line) =>
      session.retrBinary(line, nowhere),
    );
    await transfers[0];
    session.setPasv(false);
    await transfers[1];
    session.setPasv(true);
    for (const { bytes } of await Promise.all(transfers)) expect(bytes).toBe(7);
  });
});

describe("the port of an active data connection", () => {
  test("is one of those that were given, the first that is free", async () => {
    const busy = createServer().listen(0, "127.0.0.1");
    await once(busy, "listening");
    const { port } = busy.address() as { port: number };
    await using fixture = await onOwnServer({}, { active: { ports: [port, port + 20] } });
    await fixture.put("a", "content");
    await fetched(fixture.session, "a");
    busy.close();
    const [, used] =
      /\|(\d+)\|$/.exec(fixture.server.commands.find((line) => line.startsWith("EPRT")) ?? "") ?? [];
    expect(Number(used)).toBeGreaterThan(port);
    expect(Number(used)).toBeLessThanOrEqual(port + 20);
  });

  test("cannot be had where none is free, of which the server hears nothing", async () => {
    const busy = createServer().listen(0, "127.0.0.1");
    await once(busy, "listening");
    const { port } = busy.address() as { port: number };
    await using fixture = await onOwnServer({}, { active: { ports: [port, port] }, pipelining: "off" });
    const { session, since } = fixture;
    const commands = since();
    const error = await failureOf(session.retrBinary("RETR a", nowhere));
    busy.close();
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "EADDRINUSE" });
    expect(commands()).toEqual(["TYPE I"]);
    session.setPasv(true);
    expect(await failureOf(session.retrBinary("RETR a", nowhere))).toBeInstanceOf(ReplyError);
  });

  test.each([
    [{ ports: [0, 5] }],
    [{ ports: [5, 4] }],
    [{ ports: [1, 65_536] }],
    [{ ports: [1.5, 2] }],
    [{ address: "host.example.org" }],
    [{ address: "127.0.0.1|1|" }],
  ] as const)("%j is refused before a connection is made", async (active) => {
    await using server = await ftpServer((ftp) => ftp.peer.closed);
    const { host, port } = server;
    expect(await failureOf(FtpSession.connect({ host, port, active }))).toBeInstanceOf(ArgumentError);
    expect(server.connections).toBe(0);
  });

  test("is said with the address that was given, and listened on at our own", async () => {
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const [, port] = /^EPRT \|1\|192\.0\.2\.7\|(\d+)\|$/.exec(await ftp.expect(/^EPRT/)) ?? [];
        await ftp.say("200 there");
        await ftp.answer("RETR a", "150 here");
        netConnect(Number(port), "127.0.0.1").end("content");
        await ftp.say("226 done");
      },
      { active: { address: "192.0.2.7" } },
    );
    expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 7 });
  });

  test("is taken by the server only: who comes from elsewhere is cut off, and the transfer goes on", async () => {
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const port = Number((await ftp.expect(/^EPRT/)).split("|")[3]);
        await ftp.say("200 there");
        await ftp.expect("RETR a");
        const thief = netConnect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
        thief.on("error", () => undefined).resume();
        thief.write("forged");
        await once(thief, "close");
        await ftp.say("150 here");
        netConnect(port, "127.0.0.1").end("content");
        await ftp.say("226 done");
      },
      { active: true },
    );
    const chunks: Uint8Array[] = [];
    await fixture.session.retrBinary("RETR a", (chunk) => chunks.push(chunk));
    expect(Buffer.concat(chunks).toString()).toBe("content");
  });

  test("on which nobody calls is closed after timeouts.connect, and the session goes on", async () => {
    const { opened: expired, open: expire } = gate();
    let port = 0;
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        port = Number((await ftp.expect(/^EPRT/)).split("|")[3]);
        await ftp.say("200 there");
        await ftp.answer("RETR a", "150 here");
        await expired;
        await ftp.say("425 no connection");
        await ftp.prove();
      },
      { active: true, timeouts: { connect: 50 } },
    );
    const failing = failureOf(fixture.session.retrBinary("RETR a", nowhere));
    await refusedAt(() => port);
    expire();
    const error = await failing;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "connect", milliseconds: 50 });
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test.each([
    ["refused", { code: "ERR_NETCLI_REPLY" }],
    ["aborted", { message: "enough" }],
  ])("is closed when the transfer is %s", async (how, expected) => {
    const { opened: reached, open: reach } = gate();
    let port = 0;
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        port = Number((await ftp.expect(/^EPRT/)).split("|")[3]);
        await ftp.say("200 there");
        await ftp.expect("RETR a");
        reach();
        await ftp.say("550 none");
        await ftp.prove();
      },
      { active: true },
    );
    const controller = new AbortController();
    const { signal } = controller;
    const failing = failureOf(fixture.session.retrBinary("RETR a", nowhere, { signal }));
    await reached;
    if (how === "aborted") controller.abort(new Error("enough"));
    expect(await failing).toMatchObject(expected);
    await refusedAt(() => port);
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("is that of PORT where EPRT is unknown, from then on, and of none where both are refused", async () => {
    await using fixture = await onOwnServer({ features: { EPRT: 500 } }, { active: true });
    const { session, put, since } = fixture;
    await put("a", "content");
    const commands = since();
    await fetched(session, "a");
    await fetched(session, "a");
    const asked = commands().map((line) => line.slice(0, 4));
    expect(asked).toEqual(["TYPE", "EPRT", "PORT", "RETR", "PORT", "RETR"]);
    await using other = await onOwnServer({ features: { EPRT: 500, PORT: 502 } }, { active: true });
    await other.put("a", "content");
    expect(await failureOf(fetched(other.session, "a"))).toMatchObject({
      command: expect.stringMatching(/^PORT 127,0,0,1,/),
    });
    other.session.setPasv(true);
    expect(await fetched(other.session, "a")).toEqual(Buffer.from("content"));
  });

  test("does not exist through a proxy, of which the server hears nothing", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.prove();
    });
    const proxy: FtpOptions["proxy"] = async ({ port: to }) => {
      const socket = netConnect(to, server.host);
      await once(socket, "connect");
      return socket;
    };
    const { host, port } = server;
    const options = { host, port, user: "anonymous", proxy, active: true, pipelining: "off" } as const;
    await using session = await FtpSession.connect(options);
    expect(await failureOf(session.transferCmd("RETR a"))).toBeInstanceOf(NotSupportedError);
    expect(await session.pwd()).toBe("/here");
  });

  test("takes nothing in clear where TLS was agreed on", async () => {
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      for (const line of ["PBSZ 0", "PROT P"]) await ftp.answer(line, "200 fine");
      await ftp.answer("USER ada", "331 password");
      await ftp.answer("PASS p4ssw0rd", "230 in");
      await ftp.answer("TYPE I", "200 binary");
      const port = Number((await ftp.expect(/^EPRT/)).split("|")[3]);
      await ftp.say("200 there");
      await ftp.answer("RETR a", "150 here");
      const socket = netConnect(port, "127.0.0.1");
      socket.on("error", () => undefined).resume();
      socket.end("forged");
      await once(socket, "close");
      await ftp.say("226 done");
    });
    const { host, port } = server;
    const login = { user: "ada", password: "p4ssw0rd", tls: "starttls", tlsOptions, active: true } as const;
    await using session = await FtpSession.connect({ host, port, ...login });
    const chunks: Uint8Array[] = [];
    const error = await failureOf(session.retrBinary("RETR a", (chunk) => chunks.push(chunk)));
    expect(error).toMatchObject({ code: "ERR_NETCLI_TLS" });
    expect(chunks).toEqual([]);
  });
});

/** Waits until nobody listens there any more. Whoever comes from that address is not let in. */
async function refusedAt(port: () => number): Promise<void> {
  for (;;) {
    const number = port();
    const socket = netConnect({ port: number, host: "127.0.0.1", localAddress: "127.0.0.2" });
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      socket.once("error", resolve).once("connect", () => resolve(undefined));
    });
    socket.on("error", () => undefined).destroy();
    if (number !== 0 && error?.code === "ECONNREFUSED") return;
  }
}
