// How transfers end that do not end well: uploads whose source fails or stops, aborts, connections that are cut.
import { setImmediate as turn } from "node:timers/promises";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { FtpSession } from "../src/index.ts";
import { identity, loggedIn, nowhere, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";
import { ftpServer } from "./scripted-ftp.ts";
import { upgrade } from "./tls-session.ts";

refuseUnhandled();

async function* stuck(given: () => void): AsyncGenerator<Uint8Array> {
  yield pattern(10);
  given();
  await new Promise(() => undefined);
}

const ways = [false, true].flatMap((active) => [[active, false] as const, [active, true] as const]);

describe("an upload whose source fails", () => {
  const broken = new Error("the source is broken");

  async function* failing(bytes: number): AsyncGenerator<Uint8Array> {
    if (bytes > 0) yield pattern(bytes);
    throw broken;
  }

  test.each(ways.flatMap((way) => [0, 1, 300_000].map((bytes) => [...way, bytes] as const)))(
    "rejects with its error, and the session goes on, active %s, TLS %s, behind %d bytes",
    async (active, tls, bytes) => {
      await using fixture = await onOwnServer(tls ? { tls: identity } : {}, { active });
      const { session, put } = fixture;
      await put("b", "content");
      expect(await failureOf(session.storBinary("STOR a", failing(bytes)))).toBe(broken);
      expect(await session.noop()).toMatchObject({ code: 200 });
      expect(await fetched(session, "b")).toEqual(Buffer.from("content"));
    },
  );

  test.each([false, true])("cuts the connection instead of ending it, TLS %s", async (tls) => {
    const { opened: taken, open: take } = gate();
    async function* source(): AsyncGenerator<Uint8Array> {
      yield pattern(1_000);
      await taken;
      // What comes together with a reset libuv takes for the end of the stream; the server gets its turn to read.
      for (let turns = 0; turns < 5; turns += 1) await turn();
      throw broken;
    }
    await using server = await ftpServer(async (ftp) => {
      if (tls) await upgrade(ftp);
      else await ftp.say("220 ready");
      if (tls) for (const line of ["PBSZ 0", "PROT P"]) await ftp.answer(line, "200 fine");
      await ftp.answer("USER ada", "331 password");
      await ftp.answer("PASS p4ssw0rd", "230 in");
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.answer("STOR a", "150 go on");
      const data = await port.connected();
      if (tls) await data.startTls(identity);
      await data.read(1_000);
      take();
      const how = await data.readToEnd().then(
        () => "ended",
        () => "broken",
      );
      await ftp.say(how === "broken" ? "426 broken" : "226 done");
      await ftp.answer("NOOP", `200 ${how}`);
    });
    const { host, port } = server;
    const login = { user: "ada", password: "p4ssw0rd", tlsOptions } as const;
    await using session = await FtpSession.connect({ host, port, ...login, tls: tls ? "starttls" : "none" });
    expect(await failureOf(session.storBinary("STOR a", source()))).toBe(broken);
    expect(await session.noop()).toMatchObject({ text: "broken" });
  });

  test("is no upload of what is neither bytes nor text", async () => {
    await using fixture = await onOwnServer();
    const odd = [1, 2] as unknown as Uint8Array[];
    expect(await failureOf(fixture.session.storBinary("STOR a", odd))).toMatchObject({
      code: "ERR_NETCLI_ARGUMENT",
    });
    expect(await fixture.session.pwd()).toBe("/");
  });
});

describe("an upload whose source gives nothing more", () => {
  test.each([
    ["abort()", { name: "AbortError" }],
    ["a signal", { message: "enough" }],
    ["the server's refusal", { reply: { code: 552 } }],
  ])("is ended by %s", async (how, expected) => {
    const { opened: reached, open: reach } = gate();
    const refuse = how === "the server's refusal";
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) => {
        if (verb !== "STOR" || !refuse) return undefined;
        return { reply: "552 That is enough.", replyWhen: "early" };
      },
    });
    const { session } = fixture;
    const controller = new AbortController();
    const { signal } = controller;
    const failing = failureOf(session.storBinary("STOR a", stuck(reach), { signal }));
    if (!refuse) await reached;
    if (how === "a signal") controller.abort(new Error("enough"));
    if (how === "abort()") await session.abort();
    expect(await failing).toMatchObject(expected);
    expect(await session.pwd()).toBe("/");
  });
});

describe("abort()", () => {
  test("without a transfer is ABOR, and may be refused", async () => {
    await using fixture = await onOwnServer();
    const commands = fixture.since();
    expect(await fixture.session.abort()).toMatchObject({ code: 226 });
    expect(commands()).toEqual(["ABOR"]);
    await using other = await onOwnServer({ features: { ABOR: 502 } });
    expect(await failureOf(other.session.abort())).toBeInstanceOf(ReplyError);
  });

  test.each(ways)(
    "breaks a download off, and the session goes on, active %s, TLS %s",
    async (active, tls) => {
      await using fixture = await onOwnServer(tls ? { tls: identity } : {}, { active });
      const { session, put } = fixture;
      await put("a", pattern(20_000_000));
      await put("b", "content");
      let chunks = 0;
      const { opened: reached, open: reach } = gate();
      const failing = failureOf(
        session.retrBinary("RETR a", () => {
          chunks += 1;
          reach();
        }),
      );
      const waiting = fetched(session, "b");
      await reached;
      expect(await session.abort()).toMatchObject({ code: 200 });
      expect(await failing).toMatchObject({ name: "AbortError" });
      const seen = chunks;
      expect(await waiting).toEqual(Buffer.from("content"));
      expect(chunks).toBe(seen);
    },
  );

  test.each([["TYPE I"], ["EPSV"], ["RETR a"]])(
    "while the server thinks about %s rejects the transfer at once",
    async (stage) => {
      const { opened: reached, open: reach } = gate();
      const { opened: going, open: go } = gate();
      await using fixture = await onOwnServer(
        {
          onCommand: ({ line }) => {
            if (line !== stage) return undefined;
            reach();
            return { wait: going };
          },
        },
        { pipelining: "off" },
      );
      const { session, put } = fixture;
      await put("a", "content");
      const failing = failureOf(session.retrBinary("RETR a", nowhere));
      await reached;
      const aborting = session.abort();
      expect(await failing).toMatchObject({ name: "AbortError" });
      go();
      expect(await aborting).toMatchObject({ code: 200 });
      expect(await fetched(session, "a")).toEqual(Buffer.from("content"));
    },
  );

  test("behind the server's last word, but before the data have all been taken, rejects the transfer", async () => {
    const { opened: reached, open: reach } = gate();
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(10));
      await ftp.say("226 done");
      reach();
      await data.closed;
      await ftp.answer("NOOP", "200 fine");
    });
    const { session } = fixture;
    const failing = failureOf(session.retrBinary("RETR a", nowhere));
    await reached;
    await session.abort();
    expect(await failing).toMatchObject({ name: "AbortError" });
  });
});

test("an upload that is cut by the server fails, even if it says that all is well", async () => {
  await using fixture = await loggedIn(async (ftp) => {
    await ftp.answer("TYPE I", "200 binary");
    const port = await ftp.passive();
    await ftp.answer("STOR a", "150 go on");
    const data = await port.connected();
    await data.read(1_000);
    const closed = once(data.socket, "close");
    data.reset();
    await closed;
    await ftp.say("226 done");
    await ftp.prove();
  });
  const error = await failureOf(fixture.session.storBinary("STOR a", pattern(50_000_000)));
  expect(error).toBeInstanceOf(ConnectionClosedError);
  expect(await fixture.session.pwd()).toBe("/here");
});

test("an empty upload makes an empty file, over TLS, too", async () => {
  for (const options of [{}, { tls: identity }]) {
    await using fixture = await onOwnServer(options);
    await fixture.session.storBinary("STOR a", "");
    await fixture.session.storLines("STOR b", "");
    expect((await stat(join(fixture.server.root, "a"))).size).toBe(0);
    expect((await stat(join(fixture.server.root, "b"))).size).toBe(0);
  }
});
