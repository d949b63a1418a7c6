// Whole tasks with a server whose replies come byte by byte.
import { oneByteRelay } from "@netcli/test-kit";
import { expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer } from "./own-client.ts";

refuseUnhandled();

test("downloads, uploads and lists take replies as they come", async () => {
  await using fixture = await onServer();
  const { server, another, put, local, get } = fixture;
  const content = pattern(300_000);
  await put("a", content);
  await using relay = await oneByteRelay(server.host, server.port);
  const client = await another({ host: relay.host, port: relay.port });
  await client.download("a", local.file("a"), { verify: true });
  expect(await hasContent(local.file("a"), content)).toBe(true);
  await client.upload(local.file("a"), "b", { verify: true });
  expect((await get("b")).equals(content)).toBe(true);
  expect((await client.list()).map(({ name }) => name)).toEqual(["a", "b"]);
  await client.quit();
});
