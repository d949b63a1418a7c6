// Where FtpClient.download writes: full and closed places, links that lie in wait, others that write there too.
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer, times } from "./own-client.ts";

refuseUnhandled();

const content = pattern(2_000_000);
const broken = new Error("the bar is broken");
const cut = { data: { cut: { after: 700_000, end: "reset" as const } } };
// The superuser may write everywhere.
const isRoot = process.getuid?.() === 0;

describe("a download", () => {
  test.each([0, 10])("gives a file of %d bytes the time that it has on the server", async (size) => {
    await using fixture = await onServer();
    const { client, put, local } = fixture;
    const modifiedAt = new Date("1999-12-31T23:59:58Z");
    await put("a", pattern(size), modifiedAt);
    expect((await client.download("a", local.file("a"))).modifiedAt).toEqual(modifiedAt);
    expect((await stat(local.file("a"))).mtime).toEqual(modifiedAt);
    const before = Date.now() - 2_000;
    await client.download("a", local.file("b"), { preserveTime: false });
    expect((await stat(local.file("b"))).mtimeMs).toBeGreaterThan(before);
  });

  test("does not follow a link that waits under the name of its part", async () => {
    const fault = times(1, cut);
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "RETR" ? fault() : undefined),
    });
    const { client, put, local, here } = fixture;
    await put("a", content);
    await mkdir(local.file("here"));
    const target = join(local.file("here"), "a");
    await failureOf(client.download("a", target, { resume: true }));
    const [part = ""] = await readdir(local.file("here"));
    const victim = local.file("victim");
    await writeFile(victim, "precious");
    const place = join(local.file("here"), part);
    await rm(place);
    await symlink(victim, place);
    await failureOf(client.download("a", target, { resume: true }));
    expect(await readFile(victim, "utf8")).toBe("precious");
    expect(await here()).toHaveLength(2);
  });

  test.skipIf(isRoot)("fails where nobody may write, and sends no RETR", async () => {
    await using fixture = await onServer();
    const { client, put, local, since } = fixture;
    await put("a", content);
    await mkdir(local.file("closed"));
    await chmod(local.file("closed"), 0o555);
    const commands = since();
    const failure = await failureOf(client.download("a", join(local.file("closed"), "a")));
    expect(failure).toMatchObject({ code: "EACCES" });
    expect(commands().join()).not.toContain("RETR");
  });

  test("fails where a file stands in for a directory, and sends no RETR", async () => {
    await using fixture = await onServer();
    const { client, put, local, since } = fixture;
    await put("a", content);
    await writeFile(local.file("file"), "no directory");
    const commands = since();
    const failure = await failureOf(client.download("a", join(local.file("file"), "a")));
    expect(failure).toMatchObject({ code: "ENOTDIR" });
    expect(commands().join()).not.toContain("RETR");
    expect(await client.exists("a")).toBe("file");
  });

  test("refuses a path that would break a command, before it makes anything", async () => {
    await using fixture = await onServer();
    const { client, local, here, since } = fixture;
    const commands = since();
    for (const path of ["a\r\nDELE b", "a\nb", "a\0b"]) {
      expect(await failureOf(client.download(path, local.file("a"), { verify: true }))).toBeInstanceOf(
        ArgumentError,
      );
    }
    expect(commands()).toEqual([]);
    expect(await here()).toEqual([]);
  });

  test.each([true, false])(
    "several times to the same place leaves a whole file; resume: %s",
    async (resume) => {
      await using fixture = await onServer({}, { connections: 4 });
      const { client, put, local, here } = fixture;
      await put("a", content);
      await put("b", pattern(1_000_000).toReversed());
      const names = ["a", "b", "a", "a", "b"];
      const results = await Promise.all(
        names.map((name) => client.download(name, local.file("target"), { resume })),
      );
      expect(results.map(({ bytes }) => bytes)).toEqual(
        names.map((name) => (name === "a" ? 2_000_000 : 1_000_000)),
      );
      expect(await here()).toEqual(["target"]);
      const { size } = await stat(local.file("target"));
      expect(
        await hasContent(
          local.file("target"),
          size === 2_000_000 ? content : pattern(1_000_000).toReversed(),
        ),
      ).toBe(true);
    },
  );

  test("leaves the part alone that another one is at, and takes one of its own", async () => {
    const { opened: done, open: goOn } = gate();
    const { opened: reached, open: reach } = gate();
    let nth = 0;
    await using fixture = await onServer(
      {
        onCommand: ({ verb }) => {
          if (verb !== "RETR") return undefined;
          nth += 1;
          return nth === 1 ? { data: { cut: { after: 700_000, wait: done } } } : undefined;
        },
      },
      { connections: 2 },
    );
    const { client, put, local, here } = fixture;
    await put("a", content);
    const slow = client.download("a", local.file("a"), { resume: true, onProgress: reach });
    await reached;
    // Nobody would find that again, so it is not left behind.
    const onProgress = (): never => {
      throw broken;
    };
    expect(await failureOf(client.download("a", local.file("a"), { resume: true, onProgress }))).toBe(broken);
    expect(await here()).toHaveLength(1);
    expect(await client.download("a", local.file("a"), { resume: true })).toMatchObject({ resumedFrom: 0 });
    expect(await hasContent(local.file("a"), content)).toBe(true);
    goOn();
    expect(await slow).toMatchObject({ resumedFrom: 0, bytes: content.length });
    expect(await hasContent(local.file("a"), content)).toBe(true);
    expect(await here()).toEqual(["a"]);
    // And the part is free again.
    expect(await client.download("a", local.file("a"), { resume: true })).toMatchObject({ resumedFrom: 0 });
  });
});

describe("a download that is broken off by its signal", () => {
  test.each(["SIZE", "EPSV", "REST", "RETR", "HASH"])(
    "at %s rejects with the reason, and leaves the session as it was",
    async (verb) => {
      let controller = new AbortController();
      let isArmed = false;
      const reason = new Error("enough");
      const fault = times(1, cut);
      await using fixture = await onServer({
        onCommand: async (command) => {
          if (isArmed && command.verb === verb) {
            isArmed = false;
            controller.abort(reason);
            return undefined;
          }
          return command.verb === "RETR" ? fault() : undefined;
        },
      });
      const { client, put, local, here, server } = fixture;
      await put("a", content);
      await failureOf(client.download("a", local.file("a"), { resume: true }));
      const [part = ""] = await here();
      const { size } = await stat(local.file(part));
      isArmed = true;
      const options = { resume: true, verify: true, signal: controller.signal };
      expect(await failureOf(client.download("a", local.file("a"), options))).toBe(reason);
      expect(await here()).toEqual([part]);
      expect((await stat(local.file(part))).size).toBeGreaterThanOrEqual(size);
      controller = new AbortController();
      const result = await client.download("a", local.file("a"), { resume: true, verify: true });
      expect(result.resumedFrom).toBeGreaterThanOrEqual(size);
      expect(await hasContent(local.file("a"), content)).toBe(true);
      expect(server.sessions).toHaveLength(1);
    },
  );

  test.each([true, false])(
    "in the middle of the data leaves a part or nothing; resume: %s",
    async (resume) => {
      await using fixture = await onServer({
        onCommand: ({ verb, nth }) =>
          verb === "RETR" && nth === 1 ? { data: { bytesPerSecond: 4_000_000 } } : undefined,
      });
      const { client, put, local, here, server } = fixture;
      await put("a", content);
      const controller = new AbortController();
      const reason = new Error("enough");
      const onProgress = (): void => controller.abort(reason);
      const options = { resume, signal: controller.signal, onProgress };
      expect(await failureOf(client.download("a", local.file("a"), options))).toBe(reason);
      expect(await here()).toHaveLength(resume ? 1 : 0);
      const result = await client.download("a", local.file("a"), { resume });
      expect(result.resumedFrom > 0).toBe(resume);
      expect(await hasContent(local.file("a"), content)).toBe(true);
      expect(server.sessions).toHaveLength(1);
    },
  );

  test("before it has begun sends nothing", async () => {
    await using fixture = await onServer();
    const { client, local, here, since } = fixture;
    const commands = since();
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (const segments of [1, 2]) {
      expect(await failureOf(client.download("a", local.file("a"), { signal, segments }))).toBe(reason);
    }
    expect(commands()).toEqual([]);
    expect(await here()).toEqual([]);
  });
});
