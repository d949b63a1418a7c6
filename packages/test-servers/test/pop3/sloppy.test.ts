// startPop3Server: servers that do otherwise than they should, each time.
import { describe, expect, test } from "vitest";
import { greeted, loggedIn } from "./raw-client.ts";

describe("a sloppy server", () => {
  test("has an empty line in front of each +OK", async () => {
    await using fixture = await greeted({ quirks: { blankLine: true } });
    const { client } = fixture;
    expect(client.greeting).toBe("");
    expect(await client.line()).toMatch(/^\+OK/);
    await client.send("USER ann\r\nPASS wrong\r\n");
    expect(await client.lines(3)).toEqual(["", "+OK Go on.", "-ERR [AUTH] That is not right."]);
  });

  test("writes small letters", async () => {
    await using fixture = await greeted({ quirks: { lowerCase: true } });
    const { client } = fixture;
    expect(client.greeting).toMatch(/^\+ok /);
    expect(await client.commands("USER ann", "PASS wrong")).toEqual([
      "+ok Go on.",
      "-err [AUTH] That is not right.",
    ]);
  });

  test("says no more than +OK, unless that is what was asked for", async () => {
    await using fixture = await greeted({ quirks: { bareOk: true, noOctets: true } });
    const { client } = fixture;
    expect(client.greeting).toBe("+OK");
    expect(await client.logIn()).toBe("+OK");
    expect(await client.blockOf("RETR 3")).toEqual(["+OK", "", "Three"]);
    expect(await client.commands("STAT", "LIST 1")).toEqual(["+OK 3 70", "+OK 1 34"]);
    await using other = await greeted({ quirks: { bareOk: true }, apop: true });
    expect(other.client.greeting).toMatch(/^\+OK .*<.+>$/);
  });

  test("says nothing of octets with RETR", async () => {
    await using fixture = await loggedIn({ quirks: { noOctets: true } });
    expect((await fixture.client.blockOf("RETR 3"))[0]).toBe("+OK The message follows.");
  });

  test("has more in its rows than it should, or less", async () => {
    const quirks = { listText: true, uidlBlanks: true, uidlMissing: true, uidlTwice: true };
    await using fixture = await loggedIn({ quirks });
    const { client, server } = fixture;
    const [one, two, three] = server.mailboxes.messagesOf("ann").map(({ uid }) => uid);
    expect((await client.blockOf("LIST")).slice(1)).toEqual([
      "1 34 octets, more or less",
      "2 27 octets, more or less",
      "3 9 octets, more or less",
    ]);
    expect((await client.blockOf("UIDL")).slice(1)).toEqual([`1   ${one} `, `1   ${one} `, `2   ${two} `]);
    expect(await client.commands("LIST 3", "UIDL 3")).toEqual([
      "+OK 3 9 octets, more or less",
      `+OK 3   ${three} `,
    ]);
  });

  test("takes two messages for the same", async () => {
    await using fixture = await loggedIn({ quirks: { uidlSame: true } });
    const { client, server } = fixture;
    const [one, two] = server.mailboxes.messagesOf("ann").map(({ uid }) => uid);
    expect((await client.blockOf("UIDL")).slice(1)).toEqual([`1 ${one}`, `2 ${two}`, `3 ${one}`]);
    expect(await client.command("UIDL 3")).toBe(`+OK 3 ${one}`);
  });

  test("knows neither CAPA nor UIDL nor TOP", async () => {
    await using fixture = await loggedIn({ quirks: { noCapa: true, noUidl: true, noTop: true } });
    const { client, server } = fixture;
    expect(await client.commands("CAPA", "UIDL", "UIDL 1", "TOP 1 0")).toEqual([
      "-ERR Unknown command.",
      "-ERR There is no UIDL here.",
      "-ERR There is no UIDL here.",
      "-ERR There is no TOP here.",
    ]);
    expect(server.violations).toEqual([]);
  });
});
