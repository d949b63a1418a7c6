// FtpClient.download with `verify`: a file that arrived changed gets no name, and nothing is moved that can't be compared.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { NotSupportedError, ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { FtpFault, FtpFeatures } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer } from "./own-client.ts";

refuseUnhandled();

const content = pattern(100_000);

const digests = ["HASH", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512"] as const;

/** None of them but these. */
function only(...wanted: readonly string[]): FtpFeatures {
  return Object.fromEntries(digests.map((verb) => [verb, wanted.includes(verb)]));
}

function digestOf(algorithm: string, bytes: Buffer): string {
  if (algorithm === "CRC32") return crc32(bytes).toString(16).padStart(8, "0");
  return createHash(algorithm.replace("-", "")).update(bytes).digest("hex");
}

/** Changes a byte of what is transferred. */
const changed: FtpFault = {
  data: {
    alter: (chunk, position) => {
      if (position > 0) return chunk;
      const other = Buffer.from(chunk);
      other[7] = (other[7] ?? 0) ^ 1;
      return other;
    },
  },
};

describe("a verified download", () => {
  test.each([
    ["HASH", "SHA-256"],
    ["XSHA256", "SHA-256"],
    ["XSHA512", "SHA-512"],
    ["XSHA1", "SHA-1"],
    ["XSHA", "SHA-1"],
    ["XMD5", "MD5"],
    ["XCRC", "CRC32"],
  ])("asks by %s, and tells the hash; a changed file is discarded", async (verb, algorithm) => {
    let fault: FtpFault | undefined;
    await using fixture = await onServer({
      features: only(verb),
      onCommand: (command) => (command.verb === "RETR" ? fault : undefined),
    });
    const { client, put, local, here, since } = fixture;
    await put("a", content);
    const commands = since();
    const { hash } = await client.download("a", local.file("a"), { verify: true });
    expect(hash?.algorithm).toBe(algorithm);
    expect(hash?.value).toBe(digestOf(algorithm, content));
    expect(commands().at(-1)).toBe(`${verb} a`);
    fault = changed;
    const failure = await failureOf(client.download("a", local.file("b"), { verify: true, resume: true }));
    expect(failure).toBeInstanceOf(ProtocolError);
    expect(await here()).toEqual(["a"]);
    fault = undefined;
    // Nothing of the wrong one is gone on from.
    const again = await client.download("a", local.file("b"), { verify: true, resume: true });
    expect(again.resumedFrom).toBe(0);
    expect(await hasContent(local.file("b"), content)).toBe(true);
  });

  test.each(["SHA-512", "sha-1", "MD5", "CRC32"])("takes the algorithm that is named: %s", async (name) => {
    await using fixture = await onServer();
    const { client, put, local } = fixture;
    await put("a", content);
    const { hash } = await client.download("a", local.file("a"), { verify: name });
    expect(hash?.algorithm).toBe(name.toUpperCase());
  });

  test.each([
    ["no hash at all", only(), true, 1],
    ["another one", only("XCRC"), "SHA-256", 1],
    ["no hash at all, and segments are wanted", only(), true, 3],
  ] as const)("moves nothing where the server offers %s", async (_what, features, verify, segments) => {
    await using fixture = await onServer({ features }, { connections: 3 });
    const { client, put, local, here, since } = fixture;
    await put("a", pattern(4_000_000));
    const commands = since();
    const failure = await failureOf(client.download("a", local.file("a"), { verify, segments }));
    expect(failure).toBeInstanceOf(NotSupportedError);
    expect(commands().join()).not.toMatch(/EPSV|RETR/);
    expect(await here()).toEqual([]);
  });

  test("moves nothing where the server offers one that nobody here can compute", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) =>
        verb === "FEAT" ? { skip: true, reply: ["211-Features", " HASH WHIRL-1*", "211 End"] } : undefined,
    });
    const { client, put, local, since } = fixture;
    await put("a", content);
    const commands = since();
    const failure = await failureOf(client.download("a", local.file("a"), { verify: "WHIRL-1" }));
    expect(failure).toBeInstanceOf(NotSupportedError);
    expect(commands().join()).not.toMatch(/EPSV|RETR/);
  });

  test("does without, if it may, where the server offers none, or not for this file", async () => {
    await using fixture = await onServer({ features: only() });
    await using other = await onServer({
      onCommand: ({ verb }) => (verb === "HASH" ? { skip: true, reply: "556 not this one" } : undefined),
    });
    for (const { client, put, local } of [fixture, other]) {
      await put("a", content);
      const { hash } = await client.download("a", local.file("a"), { verify: "if-offered" });
      expect(hash).toBeUndefined();
      expect(await hasContent(local.file("a"), content)).toBe(true);
    }
    const failure = await failureOf(other.client.download("a", other.local.file("b"), { verify: true }));
    expect(failure).toBeInstanceOf(ReplyError);
    expect(await other.here()).toEqual(["a"]);
  });

  test("compares, if it may do without, where the server offers one", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "RETR" ? changed : undefined),
    });
    const { client, put, local, here } = fixture;
    await put("a", content);
    const failure = await failureOf(client.download("a", local.file("a"), { verify: "if-offered" }));
    expect(failure).toBeInstanceOf(ProtocolError);
    expect(await here()).toEqual([]);
  });

  test("compares all of a file that was resumed, and of one that came in segments", async () => {
    await using fixture = await onServer({}, { connections: 3 });
    const { client, put, local, another } = fixture;
    await put("a", pattern(4_000_000));
    const { hash } = await client.download("a", local.file("a"), { verify: true, segments: 3 });
    expect(hash?.value).toBe(createHash("sha256").update(pattern(4_000_000)).digest("hex"));
    (await another()).close();
  });

  test("keeps what it has where the connection breaks during the comparison", async () => {
    let isBroken = true;
    await using fixture = await onServer({
      onCommand: ({ verb }) =>
        verb === "HASH" && isBroken ? { skip: true, reply: null, end: "reset" } : undefined,
    });
    const { client, put, local, here } = fixture;
    await put("a", content);
    await failureOf(client.download("a", local.file("a"), { verify: true, resume: true }));
    expect(await here()).toHaveLength(1);
    isBroken = false;
    expect(await client.download("a", local.file("a"), { verify: true, resume: true })).toMatchObject({
      resumedFrom: content.length,
      reply: undefined,
    });
    expect(await here()).toEqual(["a"]);
  });
});
