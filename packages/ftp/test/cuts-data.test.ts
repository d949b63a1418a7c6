// The data connection is cut behind every byte of a task: the task fails with what the server says to that, or is
// done again; nothing is there that is not whole; and the next call, over the same session, brings it to its end.
import { ConnectionClosedError, ProtocolError, ReplyError, TimeoutError } from "@netcli/core-transport";
import type { Ending, FtpCommand, FtpFault, FtpHook } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { atEach, cutServer, openFiles, upTo } from "./cut-server.ts";
import { cutTask, type TaskName } from "./cut-tasks.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";

refuseUnhandled();

const SMALL = 300;
const BIG = 1_500_000;
// Around the ends of blocks of every size, and somewhere.
const bigPlaces = [0, 1, 65_535, 65_536, 65_537, 262_144, 524_287, 524_288, 524_289, 1_048_576, BIG - 1, BIG];

const names: readonly TaskName[] = ["download", "upload", "list"];
// Every byte once, and with the other endings every so many, which are odd: each second one is resumed.
const endings: readonly (readonly ["none" | "starttls", Ending, step: number])[] = [
  ["none", "end", 1],
  ["none", "reset", 7],
  ["starttls", "end", 13],
  ["starttls", "reset", 13],
  ["starttls", "truncate", 11],
];
const cases = names.flatMap((name) => endings.map(([tls, end, step]) => [name, tls, end, step] as const));

/** Befalls the first transfer of a client. */
function atTransfer(fault: FtpFault): FtpHook {
  return ({ verb }: FtpCommand) => (/^(?:RETR|STOR|APPE|MLSD)$/.test(verb) ? fault : undefined);
}

const cutBehind = (after: number, end: Ending): FtpHook => atTransfer({ data: { cut: { after, end } } });

async function failureAt(work: Promise<void>): Promise<unknown> {
  let failure: unknown;
  await work.catch((error: unknown) => (failure = error));
  return failure;
}

describe("the data connection is cut", () => {
  test.each(cases)(
    "behind any byte of a %s; tls: %s, %s",
    { timeout: 120_000 },
    async (name, tls, end, step) => {
      const before = await openFiles();
      const places = upTo(SMALL - 1, step);
      {
        await using server = await cutServer(tls);
        await using task = await cutTask(name, server.root, pattern(SMALL));
        const wrong = await atEach(places, async (place) => {
          const client = await server.client(cutBehind(place, end));
          const resume = place % 2 === 1;
          const error = await failureAt(task.run(client, place, { resume }));
          if (error instanceof ReplyError) await task.check(place, resume);
          // A listing may be shorter.
          else if (error !== undefined || name !== "list") throw error ?? new Error("it did not fail");
          await task.run(client, place, { resume: true });
          await client.quit();
        });
        expect(wrong).toEqual([]);
        await task.checkAll(places);
        // Nobody had to log in again.
        expect(server.server.sessions).toHaveLength(places.length);
      }
      expect(await openFiles()).toBe(before);
    },
  );

  test.each(cases.filter(([name, , end]) => name !== "list" && end !== "truncate"))(
    "behind chosen bytes of a big %s, and another try succeeds; tls: %s, %s",
    { timeout: 60_000 },
    async (name, tls, end) => {
      await using server = await cutServer(tls);
      await using task = await cutTask(name, server.root, pattern(BIG));
      const wrong = await atEach(bigPlaces, async (place) => {
        const client = await server.client(cutBehind(place, end), { retries: 1 });
        await task.run(client, place, { resume: place % 2 === 1 });
        await client.quit();
      });
      expect(wrong).toEqual([]);
      await task.checkAll(bigPlaces);
    },
  );

  test.each(cases.filter(([name]) => name !== "list"))(
    "behind any byte of a %s, and the server lies that all went well; tls: %s, %s",
    { timeout: 60_000 },
    async (name, tls, end) => {
      const places = upTo(SMALL - 1, 23);
      await using server = await cutServer(tls);
      await using task = await cutTask(name, server.root, pattern(SMALL));
      const wrong = await atEach(places, async (place) => {
        const hook = atTransfer({ data: { cut: { after: place, end } }, reply: "226 Transfer complete." });
        const client = await server.client(hook);
        const error = await failureAt(task.run(client, place, { resume: true }));
        // Or else the size on the server does not match.
        if (!(error instanceof ConnectionClosedError || error instanceof ProtocolError)) throw error;
        await task.check(place, true);
        await task.run(client, place, { resume: true });
        await client.quit();
      });
      expect(wrong).toEqual([]);
      await task.checkAll(places);
    },
  );

  test.each(cases.filter(([, , end]) => end === "end"))(
    "in its mind only: nothing more moves behind any byte of a %s; tls: %s",
    { timeout: 60_000 },
    async (name, tls) => {
      const size = name === "upload" ? 30_000_000 : SMALL;
      const places = name === "upload" ? [0, 1, 65_536] : upTo(SMALL - 1, 41);
      await using server = await cutServer(tls);
      await using task = await cutTask(name, server.root, pattern(size));
      const never = new Promise<never>(() => undefined);
      const wrong = await atEach(places, async (place) => {
        const hook = atTransfer({ data: { cut: { after: place, wait: never } } });
        const client = await server.client(hook, { timeouts: { stall: 1_000, reply: 1_000, close: 100 } });
        const error = await failureAt(task.run(client, place, { resume: true }));
        client.close();
        if (error instanceof TimeoutError) await task.check(place, true);
        else if (error !== undefined || name !== "list") throw error ?? new Error("it did not fail");
        const other = await server.client(() => undefined);
        await task.run(other, place, { resume: true });
        await other.quit();
      });
      expect(wrong).toEqual([]);
      await task.checkAll(places);
    },
  );
});
