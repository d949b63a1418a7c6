// The connections are cut at every place of a download: a clear error, soon, and never a file that is not whole.
import { readdir } from "node:fs/promises";
import { ConnectError, ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { PeerGone, type ScriptedPeer, tempDir, failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { FtpClient } from "../src/index.ts";
import { downloading, pattern, refuseUnhandled } from "./fixtures.ts";
import { epsvReply, Ftp, ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

const content = pattern(1_000);
const wayToCut = ["ends", "resets"] as const;
type Cut = (typeof wayToCut)[number];

/** Says what an FTP server says, but only so many bytes of it. */
class CutFtp extends Ftp {
  #left: number;
  readonly #cut: Cut;

  constructor(peer: ScriptedPeer, bytes: number, cut: Cut) {
    super(peer, []);
    this.#left = bytes;
    this.#cut = cut;
  }

  override async say(...lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
    const sent = bytes.subarray(0, this.#left);
    this.#left -= sent.length;
    if (sent.length > 0) await this.peer.send(sent);
    if (sent.length === bytes.length && this.#left > 0) return;
    if (this.#cut === "resets") this.peer.reset();
    else this.peer.end();
    throw new PeerGone("the server has cut the connection");
  }
}

const greeting = ["220-Welcome", "220 ready"];
const greetingBytes = greeting.join("\r\n").length + 2;
// The port has as many digits in each run: the number of bytes said is the same.
const paddedPort = (port: number): string => String(port).padStart(5, "0");

async function dialogue(ftp: Ftp, port: number): Promise<void> {
  await ftp.say(...greeting);
  await ftp.answer("USER anonymous", "331 your address");
  await ftp.answer("PASS anonymous@", "230-in", " and welcome", "230 bye");
  await ftp.answer("TYPE I", "200 binary");
  await ftp.facts("a", "213 1000");
  await ftp.answer("EPSV", epsvReply(port).replace(String(port), paddedPort(port)));
  await ftp.answer("RETR a", "150 here it comes");
  await ftp.say("226 done");
}

/** Runs the dialogue up to so many bytes of the server's; resolves to the outcome, and what is on the disk then. */
async function cutAt(bytes: number, cut: Cut): Promise<{ error: unknown; files: string[] }> {
  await using directory = await tempDir();
  // The data come and wait for nobody: which connection is lost first is no question of chance.
  await using data = await ftpServer(async ({ peer }) => {
    await peer.send(content).catch(() => undefined);
    peer.end();
    await peer.closed;
  });
  await using server = await ftpServer(async ({ peer }) => {
    await dialogue(new CutFtp(peer, bytes, cut), data.port);
  });
  const { host, port } = server;
  let error: unknown;
  try {
    const client = await FtpClient.connect({ host, port, retries: 0, timeouts: { close: 100 } });
    try {
      await client.download("a", directory.file("target"));
    } finally {
      client.close();
    }
  } catch (thrown) {
    error = thrown;
  }
  return { error, files: await readdir(directory.path) };
}

const whole = [
  ...greeting,
  "331 your address",
  "230-in",
  " and welcome",
  "230 bye",
  "200 binary",
  "213 1000",
  "500 what",
  epsvReply(10_000),
  "150 here it comes",
  "226 done",
].reduce((bytes, line) => bytes + line.length + 2, 0);

describe("the control connection", () => {
  test.each(wayToCut)("%s behind any byte of a login and a download", { timeout: 60_000 }, async (cut) => {
    const wrong: string[] = [];
    for (let bytes = 0; bytes < whole; bytes += 1) {
      const { error, files } = await cutAt(bytes, cut);
      // A connection may be reset before the client knows that there is one.
      const isRight =
        error instanceof ConnectionClosedError || (bytes <= greetingBytes && error instanceof ConnectError);
      if (!isRight || files.length > 0) wrong.push(`behind byte ${bytes}: ${String(error)} ${files.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  test("ends behind the last byte, which is late enough", async () => {
    const { error, files } = await cutAt(whole, "ends");
    expect(error).toBeUndefined();
    expect(files).toEqual(["target"]);
  });
});

describe("the data connection", () => {
  const size = 300_000;
  const places = [0, 1, 2, 1_000, size - 1];
  for (let place = 65_536; place < size; place += 65_536) places.push(place - 1, place, place + 1);
  for (let place = 12_345; place < size; place += 23_456) places.push(place);

  const replies = ["226 done", "426 aborted", "451 the disk is broken"];

  test.each(wayToCut.flatMap((cut) => replies.map((reply) => [cut, reply] as const)))(
    "%s at any of many places, and the server says %s",
    { timeout: 60_000 },
    async (cut, reply) => {
      await using fixture = await downloading(async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        for (const place of places) {
          await ftp.facts("a", `213 ${size}`);
          const data = await ftp.begin("a");
          await data.send(pattern(size).subarray(0, place));
          if (cut === "resets") data.reset();
          else data.end();
          await ftp.say(reply);
        }
        await ftp.facts("a", `213 ${size}`);
        await ftp.give("a", pattern(size));
      });
      const { client, target } = fixture;
      const type = reply.startsWith("226") ? ConnectionClosedError : ReplyError;
      const wrong: string[] = [];
      for (const place of places) {
        const error = await failureOf(client.download("a", target));
        const files = await fixture.files();
        const isRight = error instanceof type && files.length === 0;
        if (!isRight) wrong.push(`behind byte ${place}: ${String(error)} ${files.join()}`);
      }
      expect(wrong).toEqual([]);
      expect(await client.download("a", target)).toMatchObject({ bytes: size });
      expect((await fixture.content()).equals(pattern(size))).toBe(true);
    },
  );

  test("falls silent at any place, and is given up", async () => {
    await using fixture = await downloading(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        for (const place of [0, 1, 65_536, 299_999]) {
          await ftp.facts("a", `213 ${size}`);
          const data = await ftp.begin("a");
          await data.send(pattern(size).subarray(0, place));
          await data.closed;
          await ftp.say("426 aborted");
        }
      },
      { timeouts: { stall: 50 } },
    );
    for (let count = 0; count < 4; count += 1) {
      const error = await failureOf(fixture.client.download("a", fixture.target));
      expect(error).toMatchObject({ code: "ERR_NETCLI_TIMEOUT", phase: "stall" });
      expect(await fixture.files()).toEqual([]);
    }
  });
});
