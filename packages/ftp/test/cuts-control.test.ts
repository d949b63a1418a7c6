// The control connection is cut behind every byte that the server says to a task: the task fails soon and clearly, or
// is done again; nothing is there that is not whole; and the next call brings it to its end.
import { ConnectError, ConnectionClosedError, TimeoutError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import type { Ending } from "@netcli/test-servers";
import { atEach, controlCut, cutServer, openFiles, upTo } from "./cut-server.ts";
import { cutTask, type TaskName } from "./cut-tasks.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";

refuseUnhandled();

const content = pattern(300);

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

/** How many bytes the server says to the task, when nothing is wrong. */
async function lengthOf(name: TaskName, tls: "none" | "starttls", resume: boolean = true): Promise<number> {
  await using server = await cutServer(tls);
  await using task = await cutTask(name, server.root, content);
  let bytes = 0;
  const client = await server.client(() => undefined, {
    trace: ({ kind, text }) => {
      if (kind === "received") bytes += text.length + 2;
    },
  });
  bytes = 0;
  await task.run(client, 0, { resume });
  client.close();
  return bytes;
}

// The port of a data connection may be gone with the session.
const isBroken = (error: unknown): boolean =>
  error instanceof ConnectionClosedError || error instanceof ConnectError;

describe("the control connection is cut", () => {
  test.each(cases)(
    "behind any byte of a %s; tls: %s, %s",
    { timeout: 120_000 },
    async (name, tls, end, step) => {
      const before = await openFiles();
      // Who does not resume asks for less.
      const lengths = [await lengthOf(name, tls, false), await lengthOf(name, tls, true)];
      const places = upTo(Math.max(...lengths), step);
      {
        await using server = await cutServer(tls);
        await using task = await cutTask(name, server.root, content);
        const wrong = await atEach(places, async (place) => {
          const client = await server.client(controlCut(place, end));
          const resume = place % 2 === 1;
          let error: unknown;
          await task.run(client, place, { resume }).catch((thrown: unknown) => (error = thrown));
          if (error === undefined) {
            // Behind the last reply of all is late enough.
            if (place < (lengths[Number(resume)] ?? 0)) throw new Error("it did not fail");
            client.close();
            return;
          }
          if (!isBroken(error)) throw error;
          await task.check(place, resume);
          await task.run(client, place, { resume });
          await client.quit();
        });
        expect(wrong).toEqual([]);
        await task.checkAll(places);
        await Promise.all(server.server.sessions.map(({ ended }) => ended));
      }
      expect(await openFiles()).toBe(before);
    },
  );

  test.each(cases.filter(([, , end]) => end !== "reset"))(
    "behind any line of a %s, and another try succeeds; tls: %s, %s",
    { timeout: 60_000 },
    async (name, tls, end) => {
      const places = upTo(await lengthOf(name, tls), 17);
      await using server = await cutServer(tls);
      await using task = await cutTask(name, server.root, content);
      const wrong = await atEach(places, async (place) => {
        const client = await server.client(controlCut(place, end), { retries: 1 });
        await task.run(client, place, { resume: place % 2 === 1 });
        await client.quit();
      });
      expect(wrong).toEqual([]);
      await task.checkAll(places);
    },
  );

  test.each(names)(
    "in its mind only: it says nothing more behind any part of a %s",
    { timeout: 60_000 },
    async (name) => {
      const places = upTo(await lengthOf(name, "none"), 31);
      await using server = await cutServer("none");
      await using task = await cutTask(name, server.root, content);
      const never = new Promise<never>(() => undefined);
      const wrong = await atEach(places, async (place) => {
        const silence = (): object => ({ control: { after: place, wait: never } });
        const client = await server.client(silence, { timeouts: { reply: 1_000, stall: 1_000, close: 100 } });
        let error: unknown;
        await task.run(client, place, { resume: true }).catch((thrown: unknown) => (error = thrown));
        client.close();
        if (error === undefined) return;
        if (!(error instanceof TimeoutError)) throw error;
        await task.check(place, true);
        const other = await server.client(() => undefined);
        await task.run(other, place, { resume: true });
        await other.quit();
      });
      expect(wrong).toEqual([]);
      await task.checkAll(places);
    },
  );
});
