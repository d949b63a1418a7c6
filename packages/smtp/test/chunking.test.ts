// BDAT (RFC 3030): chunks of which only the last one is marked, byte for byte, and what becomes of those behind a
// refusal.
import { createHash } from "node:crypto";
import { failureOf } from "@netcli/test-kit";
import type { EsmtpHook } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { SendError } from "../src/index.ts";
import { from, message, onServer, refuseUnhandled, to } from "./own-smtp.ts";
import { pieces } from "../src/pieces.ts";

refuseUnhandled();

const MIB = 1_048_576;

const dropBdat: EsmtpHook = (verb) => (verb === "BDAT" ? "drop" : undefined);

/** Lines of any length, with all that DATA would change. */
function content(length: number): Buffer {
  return Buffer.alloc(length, "..\n\r.\r\n.\r\nabc\0\u{fc}");
}

async function* of(...lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let left: Uint8Array = content(lengths.reduce((sum, length) => sum + length, 0));
  for (const length of lengths) {
    yield left.subarray(0, length);
    left = left.subarray(length);
  }
}

const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

describe("pieces", () => {
  test.each<[lengths: number[], sizes: number[]]>([
    [[], [0]],
    [[0], [0]],
    [[1], [1]],
    [[1, 2, 3], [6]],
    [[MIB], [MIB]],
    [
      [MIB, 1],
      [MIB, 1],
    ],
    [[MIB - 1, 1], [MIB]],
    [
      [1, MIB],
      [1, MIB],
    ],
    [
      [MIB, MIB, MIB],
      [MIB, MIB, MIB],
    ],
    [[MIB + 5], [MIB + 5]],
    [
      [600_000, 600_000, 400_000],
      [600_000, 1_000_000],
    ],
  ])("of chunks of %j have %j bytes, the last one marked", async (lengths, sizes) => {
    const all: [number, boolean][] = [];
    for await (const { parts, length, isLast } of pieces(of(...lengths))) {
      expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(length);
      all.push([length, isLast]);
    }
    expect(all).toEqual(sizes.map((size, index) => [size, index === sizes.length - 1]));
  });
});

describe.each([
  ["together", ["PIPELINING", "CHUNKING", "BINARYMIME", "8BITMIME"]],
  ["one by one", ["CHUNKING", "BINARYMIME", "8BITMIME"]],
])("chunks, %s", (_how, extensions) => {
  const chunking = { chunking: true };

  test("bring any bytes as they are, those of a stream too", async () => {
    await using fixture = await onServer({ extensions }, chunking);
    const { session, server } = fixture;
    for (const [data, sizes] of [
      [content(0), [0]],
      [content(100), [100]],
      [content(2 * MIB + 10), [MIB, MIB, 10]],
      [of(700_000, 700_000, 5), [700_000, 700_005]],
    ] as const) {
      const told: number[] = [];
      const onProgress = (bytes: number): void => void told.push(bytes);
      const result = await session.sendMail(from, to, data, { body: "binarymime", onProgress });
      const total = sizes.reduce<number>((sum, size) => sum + size, 0);
      const got = server.received.at(-1);
      expect(got?.chunks).toEqual(sizes);
      expect(hash(got?.data ?? Buffer.alloc(0))).toBe(hash(content(total)));
      expect(result.bytes).toBe(total);
      expect(told.at(-1) ?? 0).toBe(total);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
    }
  });

  test("are used for binarymime also where they were not asked for, and only there", async () => {
    await using fixture = await onServer({ extensions });
    const { session, since } = fixture;
    const lines = since();
    await session.sendMail(from, to, "\n.\n", { body: "binarymime" });
    await session.sendMail(from, to, message);
    expect(lines().filter((line) => /^(?:BDAT|DATA)/.test(line))).toEqual(["BDAT 3 LAST", "DATA"]);
    expect(fixture.got("bob")).toEqual(["\n.\n", message]);
  });

  test.each([1, 2, 3])(
    "of which number %i is refused are a refusal, and the session goes on",
    async (number) => {
      let count = 0;
      const reply: EsmtpHook = (verb) => {
        if (verb !== "BDAT") return undefined;
        count += 1;
        return count === number ? "552 5.3.4 Too large." : undefined;
      };
      await using fixture = await onServer({ extensions, reply }, chunking);
      const { session, server } = fixture;
      const error = await failureOf(session.sendMail(from, to, of(MIB, MIB, 10), { body: "binarymime" }));
      expect(error).toBeInstanceOf(SendError);
      expect(error).toMatchObject({
        phase: "message",
        mayHaveBeenSent: false,
        isPermanent: true,
        recipients: [{ status: "refused", reply: { code: 552 } }],
      });
      expect(server.received).toEqual([]);
      expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
      expect(fixture.got("bob")).toEqual([message]);
      expect(server.sessions).toHaveLength(1);
    },
  );

  test("of a stream that fails are given up, and the session goes on", async () => {
    await using fixture = await onServer({ extensions }, chunking);
    const { session, server } = fixture;
    const broken = new Error("the disk is gone");
    for (const lengths of [[], [10], [MIB, 10], [MIB, MIB, MIB]]) {
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield* of(...lengths);
        throw broken;
      };
      const error = await failureOf(session.sendMail(from, to, failing(), { body: "binarymime" }));
      expect(error).toMatchObject({
        phase: "message",
        mayHaveBeenSent: false,
        cause: broken,
        recipients: [{ status: "unsent" }],
      });
    }
    expect(server.received).toEqual([]);
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
    expect(server.received).toHaveLength(1);
    expect(server.sessions).toHaveLength(1);
  });

  test("whose connection breaks before the last one was sent are unsent, not unknown", async () => {
    await using fixture = await onServer(
      { extensions: extensions.filter((one) => one !== "PIPELINING"), reply: dropBdat },
      chunking,
    );
    const { session, server } = fixture;
    const error = await failureOf(session.sendMail(from, to, of(MIB, 10), { body: "binarymime" }));
    expect(error).toMatchObject({
      phase: "message",
      mayHaveBeenSent: false,
      recipients: [{ status: "unsent" }],
    });
    expect(server.commands.filter((line) => line.includes("LAST"))).toEqual([]);
  });
});

test("where CHUNKING is not offered a message goes by DATA", async () => {
  await using fixture = await onServer({ extensions: ["PIPELINING"] }, { chunking: true });
  const { session, since } = fixture;
  const lines = since();
  await session.sendMail(from, to, message);
  expect(lines().at(-1)).toBe("DATA");
});
