// FtpClient.download to what is no file: functions, Node streams, web streams; and what becomes of them.
import { Writable } from "node:stream";
import { ReadableStream, WritableStream } from "node:stream/web";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { onServer, times } from "./own-client.ts";

refuseUnhandled();

const content = pattern(3_000_000);
const broken = new Error("the target is broken");

/** Keeps what it gets; `take` is awaited for each chunk. */
function webSink(take: () => unknown = () => undefined): {
  stream: WritableStream<Uint8Array>;
  chunks: Uint8Array[];
} {
  const chunks: Uint8Array[] = [];
  const write = async (chunk: Uint8Array): Promise<void> => {
    chunks.push(Buffer.from(chunk));
    await take();
  };
  return { stream: new WritableStream({ write }), chunks };
}

function nodeSink(take: () => unknown = () => undefined): { stream: Writable; chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = [];
  const stream = new Writable({
    highWaterMark: 1_000,
    write(chunk: Uint8Array, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      Promise.resolve()
        .then(take)
        .then(() => done(), done);
    },
  });
  return { stream, chunks };
}

describe.each(["none", "starttls"] as const)("a download; tls: %s", (tls) => {
  test("to a function hands it all bytes, one chunk at a time, and tells how far it is", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, put } = fixture;
    await put("a", content);
    const chunks: Uint8Array[] = [];
    const progress: number[] = [];
    let running = 0;
    const take = async (chunk: Uint8Array): Promise<void> => {
      running += 1;
      await Promise.resolve();
      expect(running).toBe(1);
      chunks.push(Buffer.from(chunk));
      running -= 1;
    };
    const onProgress = ({ bytes, total }: { bytes: number; total: number | undefined }): void => {
      expect(total).toBe(content.length);
      progress.push(bytes);
    };
    expect(await client.download("a", take, { onProgress })).toMatchObject({ bytes: content.length });
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    expect(progress.at(-1)).toBe(content.length);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
  });

  test("to a Node stream waits for it, and does not end it", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, put } = fixture;
    await put("a", content);
    const { stream, chunks } = nodeSink();
    const names = (): number[] => stream.eventNames().map((name) => stream.listenerCount(name));
    const before = names();
    expect(await client.download("a", stream)).toMatchObject({ bytes: content.length });
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    expect([stream.writableEnded, stream.destroyed]).toEqual([false, false]);
    expect(names()).toEqual(before);
    await client.download("a", stream);
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(2 * content.length);
  });

  test("to a web stream waits for it, does not close it, and gives its lock back", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, put } = fixture;
    await put("a", content);
    const { stream, chunks } = webSink();
    expect(await client.download("a", stream)).toMatchObject({ bytes: content.length });
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    expect(stream.locked).toBe(false);
    await stream.close();
  });

  test.each(["function", "Node stream", "web stream"])(
    "to a %s that fails rejects with its error, and the session goes on",
    async (kind) => {
      await using fixture = await onServer({}, { tls });
      const { client, put, server } = fixture;
      await put("a", content);
      const fail = (): never => {
        throw broken;
      };
      const node = nodeSink(fail).stream;
      node.on("error", () => undefined);
      const web = webSink(fail).stream;
      const target = kind === "function" ? fail : kind === "web stream" ? web : node;
      expect(await failureOf(client.download("a", target))).toBe(broken);
      expect(web.locked).toBe(false);
      expect(await client.list()).toHaveLength(1);
      expect(server.sessions).toHaveLength(1);
    },
  );

  test("to a stream that takes nothing any more is broken off by the signal, and by the end of the client", async () => {
    await using fixture = await onServer({}, { tls });
    const { another, put } = fixture;
    await put("a", content);
    const never = new Promise<never>(() => undefined);
    for (const make of [nodeSink, webSink]) {
      for (const how of ["signal", "close"]) {
        const client = await another();
        const { opened: stuck, open } = gate();
        const { stream } = make(() => {
          open();
          return never;
        });
        const controller = new AbortController();
        const failing = failureOf(client.download("a", stream, { signal: controller.signal }));
        await stuck;
        const reason = new Error("enough");
        if (how === "signal") controller.abort(reason);
        else client.close();
        const failure = await failing;
        expect(how === "signal" ? failure === reason : failure instanceof ConnectionClosedError).toBe(true);
      }
    }
  });
});

describe("a download", () => {
  test("to a stream that is destroyed, ended or locked rejects, and moves on", async () => {
    await using fixture = await onServer();
    const { client, put } = fixture;
    await put("a", content);
    const destroyed = nodeSink().stream;
    destroyed.destroy();
    const ended = nodeSink().stream;
    ended.end();
    const locked = webSink().stream;
    locked.getWriter();
    for (const target of [destroyed, ended, locked]) {
      expect(await failureOf(client.download("a", target))).toBeInstanceOf(Error);
    }
    expect(await client.list()).toHaveLength(1);
  });

  test("is tried again only as long as nobody has anything of it", async () => {
    let after = 0;
    const fault = times(2, undefined);
    await using fixture = await onServer(
      {
        onCommand: ({ verb, nth }) =>
          verb === "RETR" && nth % 2 === 1 ? { data: { cut: { after, end: "reset" } } } : fault(),
      },
      { retries: 1 },
    );
    const { client, put } = fixture;
    await put("a", content);
    const chunks: Uint8Array[] = [];
    const take = (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk));
    expect(await client.download("a", take)).toMatchObject({ bytes: content.length });
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    after = 10;
    chunks.length = 0;
    expect(await failureOf(client.download("a", take))).toBeInstanceOf(ReplyError);
    expect(Buffer.concat(chunks)).toHaveLength(10);
  });

  test("that is cut, and said to be complete, rejects with the bytes that came", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) =>
        verb === "RETR" ? { data: { cut: { after: 1_000, end: "end" } }, reply: "226 done" } : undefined,
    });
    const { client, put } = fixture;
    await put("a", content);
    const failure = await failureOf(client.download("a", () => undefined));
    expect(failure).toBeInstanceOf(ConnectionClosedError);
    expect(failure).toMatchObject({ bytesTransferred: 1_000 });
  });

  test("of what is not there rejects with what the server says", async () => {
    await using fixture = await onServer();
    const failure = await failureOf(fixture.client.download("none", () => undefined));
    expect(failure).toMatchObject({ reply: { code: 550 }, command: "RETR none" });
  });

  test("goes to the other end of a web stream as it comes", async () => {
    await using fixture = await onServer();
    const { client, put } = fixture;
    await put("a", content);
    let controller: { enqueue: (chunk: Uint8Array) => void; close: () => void } | undefined;
    const readable = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    const { stream, chunks } = webSink();
    await client.download("a", (chunk) => controller?.enqueue(Buffer.from(chunk)));
    controller?.close();
    await readable.pipeTo(stream);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });
});
