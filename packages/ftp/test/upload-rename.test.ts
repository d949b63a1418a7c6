// The end of FtpClient.upload: the name and the time; whatever the server refuses, the only copy is never deleted.
import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { FtpFault, FtpHook, FtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { refuseUnhandled } from "./fixtures.ts";
import { onServer } from "./own-client.ts";

refuseUnhandled();

const occupied: FtpFault = { skip: true, reply: "553 there is one of that name" };

/** A server that renames onto nothing only; what else it does wrong comes from `more`. */
function renamingOntoNothing(root: () => string, more: FtpHook = () => undefined): FtpHook {
  return async (command, session) => {
    const fault = await more(command, session);
    if (fault !== undefined) return fault;
    if (command.verb !== "RNTO") return undefined;
    const names = await readdir(root());
    return names.includes(command.argument) ? occupied : undefined;
  };
}

const refusing: FtpHook = ({ verb }) =>
  verb === "MFMT" ? { skip: true, reply: "550 not yours" } : undefined;

const modifiedAt = new Date("2011-11-11T11:11:11Z");

describe("the name of an upload", () => {
  test("is taken from an older file where the server renames onto nothing only", async () => {
    let server: FtpServer | undefined;
    await using fixture = await onServer({ onCommand: renamingOntoNothing(() => server?.root ?? "") });
    ({ server } = fixture);
    const { client, put, get, there } = fixture;
    await client.upload(Buffer.from("first"), "a");
    expect(String(await get("a"))).toBe("first");
    await client.upload(Buffer.from("second"), "a");
    expect(String(await get("a"))).toBe("second");
    await put("b", "old");
    await client.upload(Buffer.from("third"), "b");
    expect(String(await get("b"))).toBe("third");
    expect(await there()).toEqual(["a", "b"]);
  });

  test("stays with the older file where the server renames nothing", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "RNTO" ? { skip: true, reply: "550 no renaming here" } : undefined),
    });
    const { client, put, get, there } = fixture;
    await put("a", "old");
    const failure = await failureOf(client.upload(Buffer.from("new"), "a"));
    expect(failure).toMatchObject({ reply: { code: 550 } });
    expect(failure).toBeInstanceOf(ReplyError);
    expect(String(await get("a"))).toBe("old");
    expect(await there()).toEqual(["a"]);
  });

  test("stays with the older file where the server does not know renaming", async () => {
    await using fixture = await onServer({ features: { RNFR: false, RNTO: false } });
    const { client, put, get, there } = fixture;
    await put("a", "old");
    expect(await failureOf(client.upload(Buffer.from("new"), "a"))).toMatchObject({ reply: { code: 500 } });
    expect(String(await get("a"))).toBe("old");
    expect(await there()).toEqual(["a"]);
  });

  test("goes back to the older file where the server renames that, and then no more", async () => {
    let server: FtpServer | undefined;
    let renamings = 0;
    const more: FtpHook = ({ verb }) => {
      if (verb !== "RNTO") return undefined;
      renamings += 1;
      return renamings === 3 ? { skip: true, reply: "550 enough" } : undefined;
    };
    await using fixture = await onServer({ onCommand: renamingOntoNothing(() => server?.root ?? "", more) });
    ({ server } = fixture);
    const { client, put, get, there } = fixture;
    await put("a", "old");
    expect(await failureOf(client.upload(Buffer.from("new"), "a"))).toMatchObject({ reply: { code: 550 } });
    expect(String(await get("a"))).toBe("old");
    expect(await there()).toEqual(["a"]);
  });

  test("is not taken from a directory", async () => {
    await using fixture = await onServer();
    const { client, server, there } = fixture;
    await mkdir(join(server.root, "a"));
    await writeFile(join(server.root, "a", "file"), "precious");
    expect(await failureOf(client.upload(Buffer.from("new"), "a"))).toBeInstanceOf(ReplyError);
    expect(await there()).toEqual(["a"]);
    expect(await readdir(join(server.root, "a"))).toEqual(["file"]);
  });

  test.each([1, 2, 3])(
    "ends up with one whole file where the connection breaks at renaming number %d",
    async (number) => {
      for (const when of ["before", "after"]) {
        let server: FtpServer | undefined;
        let renamings = 0;
        const more: FtpHook = ({ verb }) => {
          if (verb !== "RNTO") return undefined;
          renamings += 1;
          if (renamings !== number) return undefined;
          return when === "before"
            ? { skip: true, reply: null, end: "reset" }
            : { reply: null, end: "reset" };
        };
        await using fixture = await onServer(
          { onCommand: renamingOntoNothing(() => server?.root ?? "", more) },
          { retries: 1 },
        );
        ({ server } = fixture);
        const { client, put, get, there } = fixture;
        await put("a", "old");
        await client.upload(Buffer.from("new"), "a");
        expect(String(await get("a"))).toBe("new");
        expect(await there()).toEqual(["a"]);
      }
    },
  );

  test.each([1, 2, 3])(
    "is that of a whole file where the connection breaks at renaming number %d, for good",
    async (number) => {
      for (const when of ["before", "after"]) {
        let server: FtpServer | undefined;
        let renamings = 0;
        const more: FtpHook = ({ verb }) => {
          if (verb !== "RNTO") return undefined;
          renamings += 1;
          if (renamings !== number) return undefined;
          return when === "before"
            ? { skip: true, reply: null, end: "reset" }
            : { reply: null, end: "reset" };
        };
        await using fixture = await onServer({
          onCommand: renamingOntoNothing(() => server?.root ?? "", more),
        });
        ({ server } = fixture);
        const { client, put, get } = fixture;
        await put("a", "old");
        expect(await failureOf(client.upload(Buffer.from("new"), "a"))).toBeInstanceOf(ConnectionClosedError);
        expect(String(await get("a"))).toBe(number !== 2 && when === "after" ? "new" : "old");
      }
    },
  );

  test("may be in another directory", async () => {
    await using fixture = await onServer();
    const { client, server } = fixture;
    await mkdir(join(server.root, "d"));
    await client.upload(Buffer.from("new"), "d/a");
    await client.upload(Buffer.from("new"), "/d/b");
    expect(await readdir(join(server.root, "d"))).toEqual(["a", "b"]);
    expect(await readdir(server.root)).toEqual(["d"]);
  });
});

describe("the time of an upload", () => {
  test("is that of the file here, unless nobody wants that", async () => {
    await using fixture = await onServer();
    const { client, server, local } = fixture;
    await writeFile(local.file("source"), "content");
    await utimes(local.file("source"), modifiedAt, modifiedAt);
    for (const atomic of [true, false]) {
      expect(await client.upload(local.file("source"), "a", { atomic })).toMatchObject({ modifiedAt });
      expect((await stat(join(server.root, "a"))).mtime).toEqual(modifiedAt);
    }
    await client.upload(local.file("source"), "b", { preserveTime: false });
    expect((await stat(join(server.root, "b"))).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
  });

  test("is set in whichever way the server has", async () => {
    for (const features of [{ MFMT: false }, { MFMT: false, MFF: false }]) {
      await using fixture = await onServer({ features });
      const { client, server, local } = fixture;
      await writeFile(local.file("source"), "content");
      await utimes(local.file("source"), modifiedAt, modifiedAt);
      await client.upload(local.file("source"), "a");
      expect((await stat(join(server.root, "a"))).mtime).toEqual(modifiedAt);
    }
  });

  test("is left to the server where it has no way that is known, or refuses it", async () => {
    const none = { MFMT: false, MFF: false, "SITE UTIME": false };
    for (const options of [{ features: none }, { onCommand: refusing }]) {
      await using fixture = await onServer(options);
      const { client, local, there, since } = fixture;
      await writeFile(local.file("source"), "content");
      const commands = since();
      await client.upload(local.file("source"), "a");
      expect(await there()).toEqual(["a"]);
      // Who does not offer it is not asked.
      expect(/MFMT|MFF|UTIME/.test(commands().join())).toBe("onCommand" in options);
    }
  });
});
