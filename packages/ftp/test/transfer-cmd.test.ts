// transferCmd: a data connection in the caller's hands.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { identity, pattern, refuseUnhandled } from "./fixtures.ts";
import { onOwnServer } from "./own-server.ts";

refuseUnhandled();

const ways = [false, true].flatMap((active) => [[active, false] as const, [active, true] as const]);

describe("transferCmd", () => {
  test.each(ways)("hands the data connection out, both ways, active %s, TLS %s", async (active, tls) => {
    await using fixture = await onOwnServer(tls ? { tls: identity } : {}, { active });
    const { session, get } = fixture;
    await session.type("I");
    const up = await session.transferCmd("STOR a");
    expect(up.connection.tls !== undefined).toBe(tls);
    await up.connection.write("some ");
    await up.connection.write("content\n");
    const pwd = session.pwd();
    expect(await up.finish()).toMatchObject({ code: 226 });
    expect(await pwd).toBe("/");
    expect((await get("a")).toString()).toBe("some content\n");
    const down = await session.transferCmd("RETR a", { rest: 5 });
    expect(down.size).toBe(13);
    expect(await down.connection.readToEnd().text()).toBe("content\n");
    expect(await down.finish()).toMatchObject({ code: 226 });
    const twice = await session.transferCmd("RETR a");
    const [one, two] = await Promise.all([twice.finish(), twice.finish()]);
    expect([one.code, two.code]).toEqual([226, 226]);
  });

  test("takes what is left of a download, and is in the type that is set", async () => {
    await using fixture = await onOwnServer();
    const { session, put, since } = fixture;
    await put("a", pattern(5_000_000));
    const commands = since();
    const { finish } = await session.transferCmd("RETR a");
    expect(await finish()).toMatchObject({ code: 226 });
    expect(commands()).not.toContain("TYPE I");
    await Promise.all([session.type("I"), session.transferCmd("RETR a").then((open) => open.finish())]);
    expect(commands()).toContain("TYPE I");
  });

  test.each([
    ["abort()", { name: "AbortError" }],
    ["a signal", { message: "enough" }],
    ["a lost connection", { code: "ERR_NETCLI_CLOSED" }],
  ])("is given up by %s though nobody finishes it", async (how, expected) => {
    await using fixture = await onOwnServer();
    const { session, put, server } = fixture;
    await put("a", pattern(5_000_000));
    const controller = new AbortController();
    const { connection, finish } = await session.transferCmd("RETR a", { signal: controller.signal });
    if (how === "a signal") controller.abort(new Error("enough"));
    else if (how === "a lost connection") server.sessions[0]?.end("reset");
    else await session.abort();
    expect(await failureOf(finish())).toMatchObject(expected);
    expect(connection.destroyed).toBe(true);
  });

  test("fails where the data connection does, whatever the server says then", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) =>
        verb === "RETR" ? { data: { cut: { after: 1_000, end: "reset" } }, reply: "226 Done." } : undefined,
    });
    const { session, put } = fixture;
    await put("a", pattern(5_000));
    const { finish } = await session.transferCmd("RETR a");
    expect(await failureOf(finish())).toBeInstanceOf(ConnectionClosedError);
    expect(await session.pwd()).toBe("/");
  });
});
