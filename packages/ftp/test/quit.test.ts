// A client that quits while tasks of several steps are under way: they have all of them.
import { readdir } from "node:fs/promises";
import { setImmediate as tick } from "node:timers/promises";
import { failureOf, tempDir } from "@netcli/test-kit";
import { expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { several } from "./several.ts";

refuseUnhandled();

test("a download that is verified is complete before the client has quit", async () => {
  await using fixture = await several();
  await using directory = await tempDir();
  await fixture.put("big", pattern(5_000_000));
  const downloading = fixture.client.download("big", directory.file("big"), { verify: true });
  await fixture.client.quit();
  expect(await readdir(directory.path)).toEqual(["big"]);
  expect(await downloading).toMatchObject({ bytes: 5_000_000, hash: { algorithm: "SHA-256" } });
});

test("a stream that is not finished leaves nothing behind on the server", async () => {
  await using fixture = await several();
  const stream = fixture.client.create("new");
  const failure = failureOf(new Promise((_, reject) => stream.on("error", reject)));
  stream.write("the beginning");
  while (fixture.server.sessions[0]?.transfers.length !== 1) await tick();
  await fixture.client.quit();
  expect(await failure).toMatchObject({ message: "the client was closed" });
  expect(await readdir(fixture.server.root)).toEqual([]);
});
