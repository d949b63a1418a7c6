// FtpClient.mirror that is broken off: by the caller, or because the server is gone.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionClosedError, ConnectError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { expect, test } from "vitest";
import type { MirrorProgress } from "../src/index.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { mirror } from "./mirrors.ts";
import { withTrees } from "./trees.ts";

refuseUnhandled();

test("a server that is gone for good is given up soon, and nothing is left running", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`r/d${index % 5}/f${index}`, "x"]),
  );
  const fixture = await withTrees(files, {}, { connections: 2 });
  let seen = 0;
  const mirroring = failureOf(
    mirror(fixture, "download", {
      onProgress: ({ done }) => {
        seen += done ? 1 : 0;
        if (done && seen === 20) void fixture.server.close();
      },
    }),
  );
  const begin = performance.now();
  const error = await mirroring;
  expect(error instanceof ConnectError || error instanceof ConnectionClosedError).toBe(true);
  expect(performance.now() - begin).toBeLessThan(8_000);
  const after = seen;
  expect(
    (await readdir(fixture.local, { recursive: true })).filter((name) => name.endsWith(".part")),
  ).toEqual([]);
  expect(seen).toBe(after);
  await fixture[Symbol.asyncDispose]();
}, 20_000);

test.each(["download", "upload"] as const)(
  "an abort of %s rejects with the reason, and leaves no file half",
  async (direction) => {
    const reason = new Error("no more");
    const abort = new AbortController();
    const { opened: never } = gate();
    const files = { "r/f0": pattern(2_000_000), "r/f1": pattern(2_000_000), "r/f2": pattern(2_000_000) };
    await using fixture = await withTrees(
      direction === "download" ? files : { r: null },
      {
        onCommand: ({ verb }) =>
          verb === "RETR" || verb === "STOR"
            ? { data: { cut: { after: 1_000_000, wait: never } } }
            : undefined,
      },
      { connections: 2 },
    );
    if (direction === "upload") {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(fixture.local, { recursive: true });
        await writeFile(join(fixture.local, path.slice(2)), content);
      }
    }
    const onProgress = ({ bytes }: MirrorProgress): void => {
      if (bytes > 0) abort.abort(reason);
    };
    const options = { onProgress, signal: abort.signal };
    expect(await failureOf(mirror(fixture, direction, options))).toBe(reason);
    const there = direction === "download" ? fixture.local : join(fixture.server.root, "r");
    expect(await readdir(there)).toEqual([]);
    expect(await failureOf(mirror(fixture, direction, options))).toBe(reason);
    expect(await fixture.client.exists("r")).toBe("directory");
  },
  20_000,
);

const hundred = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`r/f${index}`, "x"]));

test("quit waits for it", async () => {
  await using fixture = await withTrees(hundred);
  let ending: Promise<void> | undefined;
  const onProgress = (): void => {
    ending ??= fixture.client.quit();
  };
  expect(await mirror(fixture, "download", { onProgress })).toMatchObject({
    transferred: { length: 100 },
    failed: [],
  });
  await ending;
});

test("close ends it", async () => {
  await using fixture = await withTrees(hundred);
  const onProgress = (): void => fixture.client.close();
  expect(await failureOf(mirror(fixture, "download", { onProgress }))).toBeInstanceOf(ConnectionClosedError);
  expect((await readdir(fixture.local)).filter((name) => name.endsWith(".part"))).toEqual([]);
});
