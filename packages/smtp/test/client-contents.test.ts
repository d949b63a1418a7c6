// What a message can be given as, how fast it is read, and what becomes of a stream that nobody wants.
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import type { Content } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import type { EsmtpHook } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { SendError } from "../src/index.ts";
import { clientOn, from, refuseUnhandled, to, turns } from "./own-smtp.ts";

refuseUnhandled();

const text = "Subject: h\u{fc}\r\n\r\n.one\r\n..two\r\n";
const bytes = Buffer.from(text);

function* chunks(): Generator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

async function* later(): AsyncGenerator<string> {
  for (const character of text) {
    await Promise.resolve();
    yield character;
  }
}

function web(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.subarray(0, 20));
      controller.enqueue(bytes.subarray(20));
      controller.close();
    },
  });
}

describe("a message may be", () => {
  const forms: readonly (readonly [name: string, message: () => Content])[] = [
    ["text", () => text],
    ["a Buffer", () => bytes],
    ["bytes", () => new Uint8Array(bytes)],
    ["an array of texts", () => text.match(/[^]{1,3}/gu) ?? []],
    ["a generator", chunks],
    ["an async generator", later],
    ["a Readable", () => Readable.from([bytes.subarray(0, 9), bytes.subarray(9)])],
    ["a Readable of text", () => Readable.from([text])],
    ["a ReadableStream", web],
  ];

  test.each(forms)("%s, by DATA and by BDAT, or a function that gives that", async (_name, message) => {
    for (const chunking of [false, true]) {
      await using fixture = await clientOn({}, { chunking });
      const { client, got } = fixture;
      expect(await client.send({ from, to, message: message() })).toMatchObject({ bytes: bytes.length });
      expect(await client.send({ from, to, message })).toMatchObject({ bytes: bytes.length });
      expect(await client.use((session) => session.sendMail(from, to, message()))).toMatchObject({
        bytes: bytes.length,
      });
      expect(got("bob")).toEqual([text, text, text]);
    }
  });

  test.each([
    ["a number", 5],
    ["nothing", null],
    ["an array of numbers", [1, 2]],
  ])("no %s", async (_name, message) => {
    await using fixture = await clientOn();
    const sending = fixture.client.send({ from, to, message: message as unknown as string });
    expect(await failureOf(sending)).toBeInstanceOf(Error);
    expect(fixture.server.received).toEqual([]);
    expect((await fixture.client.send({ from, to, message: text })).accepted).toEqual([to]);
  });
});

test("a stream is read no faster than the server takes it", async () => {
  const { opened: wait, open: goOn } = gate();
  const { opened: asked, open: ask } = gate();
  const chunk = Buffer.alloc(65_536, "0123456789abcde\n");
  const all = 1_000;
  let read = 0;
  const big = Readable.from(
    (function* (): Generator<Uint8Array> {
      yield Buffer.from("Subject: big\r\n\r\n");
      for (; read < all; read += 1) yield chunk;
    })(),
  );
  const reply: EsmtpHook = (verb) => {
    if (verb !== "DATA") return undefined;
    ask();
    return { content: { after: 1, wait } };
  };
  await using fixture = await clientOn({ reply, extensions: ["PIPELINING"] });
  const sending = fixture.client.send({ from, to, message: big });
  await asked;
  await turns(200);
  // 64 MiB: no kernel keeps so much for a server that does not read.
  expect(read).toBeLessThan(all / 2);
  goOn();
  expect(await sending).toMatchObject({ bytes: 16 + all * chunk.length });
});

describe("a stream that fails midway", () => {
  const broken = new Error("the disk is gone");
  const failing = async function* (): AsyncGenerator<string> {
    yield "Subject: half\r\n\r\n";
    await Promise.resolve();
    throw broken;
  };

  test.each([
    ["DATA ends the session", false, 2],
    ["BDAT lets it go on", true, 1],
  ])(
    "with %s; nothing is delivered, nothing is tried again, and the client goes on",
    async (_how, chunking, sessions) => {
      await using fixture = await clientOn({}, { chunking, retries: 2 });
      const { client, server, got } = fixture;
      const error = await failureOf(client.send({ from, to, message: failing() }));
      expect(error).toBeInstanceOf(SendError);
      expect(error).toMatchObject({
        phase: "message",
        cause: broken,
        mayHaveBeenSent: false,
        recipients: [{ address: to, status: "unsent" }],
        bytesTransferred: 17,
      });
      expect((await client.send({ from, to, message: text })).accepted).toEqual([to]);
      expect(got("bob")).toEqual([text]);
      expect(server.sessions).toHaveLength(sessions);
    },
  );

  test("in its header is refused before anything is sent", async () => {
    await using fixture = await clientOn();
    const { client, since } = fixture;
    const lines = since();
    const atOnce = (): Generator<string> => {
      throw broken;
    };
    const sending = client.send({ from, to, message: atOnce });
    expect(await failureOf(sending)).toBe(broken);
    expect(await failureOf(client.send({ from, to, message: Readable.from(failed()) }))).toBe(broken);
    expect(lines()).toEqual([]);
  });

  function* failed(): Generator<string> {
    yield "Subject: ";
    throw broken;
  }
});

describe("a stream that nobody reads to its end is closed", () => {
  const header = "Subject: x\r\n\r\n";

  /** Has a mail fail; resolves to its stream when that is closed. */
  async function refused(
    reply: EsmtpHook,
    chunking: boolean,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Readable> {
    await using fixture = await clientOn({ reply }, { chunking });
    // Larger than what is read ahead.
    const message = Readable.from(
      (function* (): Generator<string> {
        yield header;
        for (let count = 0; count < 200; count += 1) yield "x".repeat(65_536);
      })(),
    );
    // Node gives a stream that is not read to its end an error of its own.
    const closing = new Promise((resolve) => {
      message.on("error", () => undefined).once("close", resolve);
    });
    await failureOf(fixture.client.send({ from, to, message, ...options }));
    await closing;
    expect(fixture.server.received).toEqual([]);
    return message;
  }

  test.each(["MAIL", "RCPT", "DATA", "BDAT"])("where %s is refused", async (verb) => {
    const message = await refused((asked) => (asked === verb ? "550 No." : undefined), verb === "BDAT");
    expect(message.destroyed).toBe(true);
  });

  test("where the connection breaks", async () => {
    for (const verb of ["MAIL", "RCPT", "DATA"]) {
      const message = await refused((asked) => (asked === verb ? "drop" : undefined), false);
      expect(message.destroyed).toBe(true);
    }
  });

  test("where it is given up", async () => {
    const controller = new AbortController();
    const message = await refused(
      (verb) => {
        if (verb === "RCPT") controller.abort("enough");
        return undefined;
      },
      false,
      { signal: controller.signal },
    );
    expect(message.destroyed).toBe(true);
  });
});
