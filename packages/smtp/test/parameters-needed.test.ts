// What a message needs by itself, and says without being told: its size, bytes above 127, addresses that are not ASCII.
import { Readable } from "node:stream";
import { NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { from, onServer, refuseUnhandled, to } from "./own-smtp.ts";

refuseUnhandled();

describe("SIZE", () => {
  test("is told where it is known and wanted", async () => {
    await using fixture = await onServer({ extensions: ["SIZE"] });
    const { session, since } = fixture;
    const lines = since();
    await session.sendMail(from, to, "12345");
    await session.sendMail(from, to, Buffer.from("1234567"));
    await session.sendMail(from, to, Readable.from(["1", "2"]));
    await session.sendMail(from, to, "12345", { size: 77 });
    expect(lines().filter((line) => line.startsWith("MAIL"))).toEqual([
      `MAIL FROM:<${from}> SIZE=5`,
      `MAIL FROM:<${from}> SIZE=7`,
      `MAIL FROM:<${from}>`,
      `MAIL FROM:<${from}> SIZE=77`,
    ]);
    await using without = await onServer({ extensions: [] });
    const others = without.since();
    await without.session.sendMail(from, to, "12345", { size: 77 });
    expect(others()[0]).toBe(`MAIL FROM:<${from}>`);
  });

  test("that the server does not take is not sent at all", async () => {
    await using fixture = await onServer({ extensions: ["SIZE 10"] });
    const { session, since, got } = fixture;
    const lines = since();
    for (const [content, options] of [
      ["12345678901", {}],
      ["1", { size: 11 }],
    ] as const) {
      const error = await failureOf(session.sendMail(from, to, content, options));
      expect(error).toBeInstanceOf(NotSupportedError);
      expect(error).toMatchObject({ code: "ERR_NETCLI_MESSAGE_SIZE" });
    }
    expect(lines()).toEqual([]);
    await session.sendMail(from, to, "12345678\r\n");
    expect(got("bob")).toEqual(["12345678\r\n"]);
  });

  test("that only the server finds too large is its refusal", async () => {
    await using fixture = await onServer({ extensions: ["SIZE 10", "PIPELINING"] });
    const error = failureOf(fixture.session.sendMail(from, to, Readable.from(["123456", "789012"])));
    expect(await error).toMatchObject({
      phase: "message",
      isPermanent: true,
      mayHaveBeenSent: false,
      recipients: [{ status: "refused", reply: { code: 552 } }],
    });
    expect((await fixture.session.sendMail(from, to, "1\r\n")).accepted).toEqual([to]);
  });
});

describe("bytes above 127", () => {
  test.each([
    ["text that has some", "b\u{fc}cher\r\n", " BODY=8BITMIME"],
    ["bytes that have some", Uint8Array.of(200, 13, 10), " BODY=8BITMIME"],
    ["text that has none", "books\r\n", ""],
    ["nothing", "", ""],
  ])("of %s are announced where there are some", async (_what, content, parameter) => {
    await using fixture = await onServer({ extensions: ["8BITMIME"] });
    const { session, since } = fixture;
    const lines = since();
    await session.sendMail(from, to, content);
    expect(lines()[0]).toBe(`MAIL FROM:<${from}>${parameter}`);
  });

  test("of a stream may come, and are announced where that can be", async () => {
    for (const extensions of [["8BITMIME"], []]) {
      await using fixture = await onServer({ extensions });
      const { session, since } = fixture;
      const lines = since();
      await session.sendMail(from, to, Readable.from(["books\r\n"]));
      expect(lines()[0]).toBe(`MAIL FROM:<${from}>${extensions.length > 0 ? " BODY=8BITMIME" : ""}`);
    }
  });

  test("are refused here for a server that takes none", async () => {
    await using fixture = await onServer({ extensions: ["PIPELINING"] });
    const { session, since } = fixture;
    const lines = since();
    expect(await failureOf(session.sendMail(from, to, "b\u{fc}cher"))).toBeInstanceOf(NotSupportedError);
    expect(lines()).toEqual([]);
  });

  test("may be said to be none", async () => {
    await using fixture = await onServer({ extensions: ["8BITMIME"] });
    const { session, since } = fixture;
    const lines = since();
    await session.sendMail(from, to, Readable.from(["books\r\n"]), { body: "7bit" });
    expect(lines()[0]).toBe(`MAIL FROM:<${from}> BODY=7BIT`);
  });
});

describe("addresses that are not ASCII", () => {
  const user = "p\u{e9}l\u{e9}@example.org";

  test("are sent with SMTPUTF8, whichever of them it is", async () => {
    await using fixture = await onServer({ extensions: ["SMTPUTF8", "8BITMIME"] });
    const { session, since } = fixture;
    const lines = since();
    await session.sendMail(user, to, "x");
    await session.sendMail(from, [to, user], "x");
    await session.mail(user);
    await session.rset();
    expect(lines().filter((line) => /^(?:MAIL|RCPT)/.test(line))).toEqual([
      `MAIL FROM:<${user}> SMTPUTF8`,
      `RCPT TO:<${to}>`,
      `MAIL FROM:<${from}> SMTPUTF8`,
      `RCPT TO:<${to}>`,
      `RCPT TO:<${user}>`,
      `MAIL FROM:<${user}> SMTPUTF8`,
    ]);
  });

  test("are refused here for a server that takes none", async () => {
    await using fixture = await onServer({ extensions: ["8BITMIME"] });
    const { session, since } = fixture;
    const lines = since();
    const asking = [session.sendMail(user, to, "x"), session.sendMail(from, user, "x"), session.mail(user)];
    for (const error of await Promise.all(asking.map(failureOf)))
      expect(error).toBeInstanceOf(NotSupportedError);
    expect(lines()).toEqual([]);
  });

  test("in their domain alone go to any server, in ASCII", async () => {
    await using fixture = await onServer({ extensions: [] });
    const { session, since } = fixture;
    const lines = since();
    const result = await session.sendMail("ann@b\u{fc}cher.example", "bob@B\u{dc}CHER.example", "x");
    expect(lines().slice(0, 2)).toEqual([
      "MAIL FROM:<ann@xn--bcher-kva.example>",
      "RCPT TO:<bob@xn--bcher-kva.example>",
    ]);
    expect(result.accepted).toEqual(["bob@B\u{dc}CHER.example"]);
  });
});
