// Downloads that are broken off: at once, with the signal's reason, and the session goes on in step.
import { failureOf, gate } from "@netcli/test-kit";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { FtpClient, type FtpOptions, FtpSession } from "../src/index.ts";
import {
  downloading,
  identity,
  loggedIn,
  occupy,
  pattern,
  refuseUnhandled,
  tlsOptions,
  nowhere,
} from "./fixtures.ts";
import { epsvReply, type Ftp, ftpServer, loginLines } from "./scripted-ftp.ts";

refuseUnhandled();

const reason = new Error("enough");

/** What a script does at its stage: says that it is there, and waits for the abort. */
type Pause = () => Promise<void>;

const stages: [string, (ftp: Ftp, pause: Pause) => Promise<void>][] = [
  [
    "the type is set",
    async (ftp, pause) => {
      await ftp.expect("TYPE I");
      await pause();
      await ftp.say("200 binary");
      // They came along.
      await ftp.facts("a", "213 1000000");
      await ftp.passive();
    },
  ],
  [
    "the size is asked for",
    async (ftp, pause) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.expect("SIZE a");
      await pause();
      await ftp.say("213 1000000");
      await ftp.answer("MDTM a", "500 what");
      await ftp.passive();
    },
  ],
  [
    "EPSV is not answered yet",
    async (ftp, pause) => {
      await ftp.size("a", 1_000_000);
      await ftp.expect("EPSV");
      await pause();
      await ftp.say(epsvReply((await ftp.listen()).port));
    },
  ],
  [
    "RETR is not answered yet",
    async (ftp, pause) => {
      await ftp.size("a", 1_000_000);
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await pause();
      await (
        await port.connected()
      ).closed;
      await ftp.say("150 here", "426 the data connection broke");
    },
  ],
  [
    "no byte has come",
    async (ftp, pause) => {
      await ftp.size("a", 1_000_000);
      const data = await ftp.begin("a");
      await pause();
      await data.closed;
      await ftp.say("426 the data connection broke");
    },
  ],
  [
    "some of the data has come",
    async (ftp, pause) => {
      await ftp.size("a", 1_000_000);
      const data = await ftp.begin("a");
      await data.send(pattern(400_000));
      await pause();
      await data.closed;
      await ftp.say("150 400000 bytes in 3 seconds", "226 aborted");
    },
  ],
  [
    "all data has come but not the final reply",
    async (ftp, pause) => {
      await ftp.size("a", 1_000);
      const data = await ftp.begin("a");
      await data.send(pattern(1_000));
      data.end();
      await data.closed;
      await pause();
      await ftp.say("226 done");
    },
  ],
  [
    "the final reply has come but not all data",
    async (ftp, pause) => {
      await ftp.size("a", 1_000);
      const data = await ftp.begin("a");
      await data.send(pattern(999));
      await ftp.say("226 done");
      await pause();
      await data.closed;
    },
  ],
];

describe("a download that is aborted", () => {
  test("before it begins sends nothing", async () => {
    await using fixture = await downloading((ftp) => ftp.prove());
    const left = await occupy(fixture);
    const signal = AbortSignal.abort(reason);
    expect(await failureOf(fixture.client.download("a", fixture.target, { signal }))).toBe(reason);
    await left();
    fixture.client.close();
    await fixture.server.settled();
    expect(fixture.server.received).toBe(loginLines);
  });

  test.each(stages)("while %s rejects with the reason, and the next one works", async (_stage, script) => {
    const { opened: reached, open: reach } = gate();
    const { opened: rejected, open: reject } = gate();
    await using fixture = await downloading(async (ftp) => {
      await script(ftp, async () => {
        reach();
        // The client is not to wait for anything that the server still has to say.
        await rejected;
      });
      const isBinary = ftp.peer.received.includes("SIZE");
      await (isBinary ? ftp.facts("b", "213 5000") : ftp.size("b", 5_000));
      await ftp.give("b", pattern(5_000));
    });
    const left = await occupy(fixture);
    const { client, target, directory } = fixture;
    const controller = new AbortController();
    const download = client.download("a", target, { signal: controller.signal });
    const failing = failureOf(download);
    await reached;
    controller.abort(reason);
    expect(await failing).toBe(reason);
    await left();
    reject();
    expect(await client.download("b", directory.file("b"))).toMatchObject({ bytes: 5_000 });
  });

  test("while the data connection is being made rejects with the reason, and the next one works", async () => {
    const { opened: reached, open: reach } = gate();
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.answer("TYPE I", "200 binary");
      await ftp.passive();
      await ftp.give("b", pattern(10));
    });
    let calls = 0;
    // The way to the server: the second time it leads nowhere.
    const proxy: FtpOptions["proxy"] = async ({ port, signal }): Promise<Socket> => {
      if ((calls += 1) === 2) {
        reach();
        await once(signal, "abort");
      }
      const socket = connect(port, server.host);
      await once(socket, "connect");
      return socket;
    };
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, user: "anonymous", proxy });
    const controller = new AbortController();
    const failing = failureOf(session.retrBinary("RETR a", nowhere, { signal: controller.signal }));
    await reached;
    controller.abort(reason);
    expect(await failing).toBe(reason);
    expect(await session.retrBinary("RETR b", nowhere)).toMatchObject({ bytes: 10 });
  });

  test("during the handshake of the data connection rejects with the reason", async () => {
    const { opened: reached, open: reach } = gate();
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.answer("AUTH TLS", "234 go");
      await ftp.peer.startTls(identity);
      await ftp.answer("PBSZ 0", "200 fine");
      await ftp.answer("PROT P", "200 private");
      await ftp.answer("USER anonymous", "331 your address");
      await ftp.answer("PASS anonymous@", "230 in");
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      // The client's hello stays without an answer.
      await data.read(1);
      reach();
      await data.closed;
      await ftp.say("426 the data connection broke");
      await ftp.prove();
    });
    const { host, port } = server;
    const user = "anonymous";
    await using session = await FtpSession.connect({ host, port, user, tls: "starttls", tlsOptions });
    const controller = new AbortController();
    const { signal } = controller;
    const failing = failureOf(session.retrBinary("RETR a", () => undefined, { signal }));
    await reached;
    controller.abort(reason);
    expect(await failing).toBe(reason);
    expect(await session.pwd()).toBe("/here");
  });

  test.each(["off", "safe"] as const)(
    "while it waits for its turn sends nothing, and those around it are not disturbed, pipelining %s",
    async (pipelining) => {
      const { opened: reached, open: reach } = gate();
      const { opened: going, open: go } = gate();
      await using fixture = await loggedIn(
        async (ftp) => {
          await ftp.answer("TYPE I", "200 binary");
          const data = await ftp.begin("a");
          reach();
          await going;
          await data.send(pattern(10));
          data.end();
          await ftp.say("226 done");
          // Asked for ahead of the one that is then aborted.
          if (pipelining === "safe") await ftp.passive();
          await ftp.prove();
        },
        { pipelining },
      );
      const { session, server } = fixture;
      const controller = new AbortController();
      const first = session.retrBinary("RETR a", nowhere);
      const second = failureOf(session.retrBinary("RETR b", nowhere, { signal: controller.signal }));
      const size = failureOf(session.size("b", { signal: controller.signal }));
      const third = session.pwd();
      await reached;
      controller.abort(reason);
      expect(await Promise.all([second, size])).toEqual([reason, reason]);
      go();
      expect(await first).toMatchObject({ bytes: 10 });
      expect(await third).toBe("/here");
      expect(server.received).not.toMatch(/RETR b|SIZE b/);
    },
  );

  test.each([["a string"], [null], [0], [false]])("rejects with a reason of any kind: %j", async (odd) => {
    const { opened: reached, open: reach } = gate();
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 1_000);
      const data = await ftp.begin("a");
      await data.send(pattern(10));
      reach();
      await data.closed;
      await ftp.say("426 aborted");
    });
    const controller = new AbortController();
    const failing = failureOf(fixture.client.download("a", fixture.target, { signal: controller.signal }));
    await reached;
    controller.abort(odd);
    expect(await failing).toBe(odd);
    expect(await fixture.files()).toEqual([]);
  });

  test("leaves no listener on a signal that is used again and again", async () => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 10);
      await ftp.give("a", pattern(10));
      for (let count = 0; count < 20; count += 1) {
        await ftp.facts("a", "213 10");
        await ftp.give("a", pattern(10));
      }
    });
    const warnings: Error[] = [];
    const listener = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listener);
    const { signal } = new AbortController();
    for (let count = 0; count <= 20; count += 1)
      await fixture.client.download("a", fixture.target, { signal });
    process.off("warning", listener);
    expect(warnings).toEqual([]);
  });

  test("through the client's connect rejects with the reason, and nothing stays open", async () => {
    const { opened: reached, open: reach } = gate();
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.expect("CWD pub");
      reach();
      await ftp.peer.closed;
    });
    const controller = new AbortController();
    const { host, port } = server;
    const options = { host, port, directory: "pub", signal: controller.signal };
    const failing = failureOf(FtpClient.connect(options));
    await reached;
    controller.abort(reason);
    expect(await failing).toBe(reason);
    await server.settled();
  });
});
