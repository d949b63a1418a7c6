// A way to send whose connection is cut at one place after the other.
import { readdir } from "node:fs/promises";
import { ConnectionClosedError, ConnectError } from "@netcli/core-transport";
import { startEsmtpServer } from "@netcli/test-servers";
import { expect } from "vitest";
import { assertTrue, clientOf, sendAll, serverOptions, type Way } from "./cut-mails.ts";
import { atEach, type Cut, cutRelay, upTo } from "./cut-relay.ts";
import { turns } from "./own-smtp.ts";

/** How many files and sockets this process has open; 0 where the system does not tell. */
async function openFiles(): Promise<number> {
  return (await readdir("/dev/fd").catch(() => [])).length;
}

/** How many bytes each side says to the mails of a way, when nothing is cut. */
async function lengthsOf(way: Way): Promise<Record<Cut["side"], number>> {
  await using server = await startEsmtpServer(serverOptions(way));
  await using relay = await cutRelay(server.port);
  const client = await clientOf(relay, way);
  const outcomes = await sendAll(client, way);
  assertTrue(outcomes, server, relay.said());
  for (const outcome of outcomes) {
    const statuses = outcome instanceof Error ? outcome : outcome.map(({ status }) => status);
    expect(statuses).toEqual(["accepted", "refused", way.isLmtp === true ? "refused" : "accepted"]);
  }
  client.close();
  expect(server.violations).toEqual([]);
  return { client: relay.said().length, server: relay.heard() };
}

async function cutAt(way: Way, cut: Cut): Promise<void> {
  await using server = await startEsmtpServer(serverOptions(way));
  await using relay = await cutRelay(server.port, cut);
  const client = await clientOf(relay, way).catch((error: unknown) => error as Error);
  const isMet = client instanceof Error;
  const outcomes = isMet ? Array<Error>(way.mails).fill(client) : await sendAll(client, way);
  for (const outcome of outcomes) {
    const isEnd = outcome instanceof ConnectionClosedError || outcome instanceof ConnectError;
    if (outcome instanceof Error && !isEnd) throw outcome;
  }
  // An end behind all of it may be on its way.
  await turns();
  if (isMet) await clientOf(relay, way).then((next) => next.quit());
  else await client.send({ from: "h@i.j", to: "next@f.g", message: "next" }).then(() => client.quit());
  await Promise.all(server.sessions.map(({ ended }) => ended));
  assertTrue(outcomes, server, cut.how === "reset" ? undefined : relay.said());
  const { length } = server.mailboxes.messagesOf("next");
  if (length !== (isMet ? 0 : 1)) throw new Error(`the next one has ${length} mails`);
}

/** Cuts behind each so many bytes of a side; fails if the client says what is not true, or leaves something open. */
export async function cutEverywhere(
  way: Way,
  side: Cut["side"],
  how: Cut["how"],
  step: number,
): Promise<void> {
  const lengths = await lengthsOf(way);
  const before = await openFiles();
  const wrong = await atEach(upTo(lengths[side], step), (after) => cutAt(way, { side, after, how }));
  expect(wrong).toEqual([]);
  expect(await openFiles()).toBe(before);
}

/** Every byte once, and with the other ending every so many. */
export const cuts: readonly (readonly [Cut["side"], Cut["how"], step: number])[] = [
  ["server", "end", 1],
  ["server", "reset", 5],
  ["client", "end", 1],
  ["client", "reset", 7],
];
