// How often a client waits for the server.
import { expect, test } from "vitest";
import { maildrop, numbered, textsOf } from "./maildrops.ts";

test("a login and fifty small messages take the round trips that they must", async () => {
  await using fixture = await maildrop(numbered(50), {
    capabilities: ["UIDL", "USER", "SASL PLAIN", "PIPELINING"],
  });
  const { client, server } = fixture;
  // CAPA, and AUTH with its initial response.
  expect(server.flights).toBe(2);
  expect(await textsOf(client.messages({ delete: "after" }))).toEqual(numbered(50));
  await client.quit();
  // LIST with UIDL; the messages; DELE as the caller gets done, and QUIT.
  expect(server.flights).toBeLessThanOrEqual(8);
  expect(server.violations).toEqual([]);
});

test("without PIPELINING nothing is sent ahead", async () => {
  await using fixture = await maildrop(numbered(3), { capabilities: ["UIDL", "USER", "SASL PLAIN"] });
  const { client, server } = fixture;
  expect(await textsOf(client.messages({ delete: "after" }))).toEqual(numbered(3));
  await client.quit();
  expect(server.flights).toBe(server.commands.length);
});

test("nor with pipelining: off", async () => {
  await using fixture = await maildrop(numbered(3), {}, { pipelining: "off" });
  const { client, server } = fixture;
  expect(await textsOf(client.messages({ delete: "after" }))).toEqual(numbered(3));
  await client.quit();
  expect(server.flights).toBe(server.commands.length);
});
