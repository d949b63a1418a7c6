// startPop3Server: what a client must not say, or not in that state.
import { describe, expect, test } from "vitest";
import { greeted, loggedIn } from "./raw-client.ts";

describe("a mistake", () => {
  test.each([
    ["", "Unknown command."],
    ["HELO", "Unknown command."],
    ["XTND XMIT", "Unknown command."],
    [" NOOP", "Unknown command."],
    ["APOP ann c4c9334bac560ecc979e58001b3e22fb", undefined],
    ["USER", "That is not USER name."],
    ["USER ann bob", "That is not USER name."],
    ["USER  ann", "That is not USER name."],
    ["PASS", "That is not PASS password."],
    ["PASS secret", "USER comes first."],
    ["QUIT now", "That is not QUIT."],
    ["QUIT ", "That is not QUIT."],
    ["CAPA all", "That is not CAPA."],
    ["STAT", "STAT belongs into another state."],
    ["RETR 1", "RETR belongs into another state."],
    ["NOOP", "NOOP belongs into another state."],
    [`USER ${"a".repeat(249)}`, "The line is too long."],
    ["AUTH", "That is not AUTH mechanism, or AUTH mechanism response."],
  ])("is %.30j before the login", async (line, violation) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(await client.command(line)).toBe(`-ERR ${violation ?? "Unknown command."}`);
    const verb = /^\w*/.exec(line)?.[0] ?? "";
    expect(server.violations).toEqual(violation === undefined ? [] : [`${verb}: ${violation}`]);
    expect(await client.logIn()).toMatch(/^\+OK/);
  });

  test.each([
    ["USER ann", "USER belongs into another state."],
    ["AUTH PLAIN", "AUTH belongs into another state."],
    ["UTF8", "UTF8 belongs into another state."],
    ["STAT 1", "That is not STAT."],
    ["LIST x", "That is not LIST, or LIST number."],
    ["LIST 1 2", "That is not LIST, or LIST number."],
    ["RETR", "That is not RETR number."],
    ["RETR 1 ", "That is not RETR number."],
    ["RETR -1", "That is not RETR number."],
    ["DELE 01", "That is not DELE number."],
    ["TOP 1", "That is not TOP number lines."],
    ["TOP 1 -1", "That is not TOP number lines."],
    ["LANG a b", "That is not LANG, or LANG tag."],
  ])("is %j behind the login", async (line, violation) => {
    await using fixture = await loggedIn();
    const { client, server } = fixture;
    expect(await client.command(line)).toBe(`-ERR ${violation}`);
    expect(server.violations).toEqual([`${/^\w*/.exec(line)?.[0]}: ${violation}`]);
    expect(server.sessions[0]?.violations).toEqual(server.violations);
  });

  test.each(["NOOP\n", "NO\rOP\r\n"])("is a line that ends or breaks otherwise: %j", async (line) => {
    await using fixture = await loggedIn();
    const { client, server } = fixture;
    await client.send(line);
    expect(await client.line()).toMatch(/^-ERR That is a CR without LF/);
    expect(server.violations).toHaveLength(1);
  });

  test("is no line of 255 octets", async () => {
    await using fixture = await greeted();
    expect(await fixture.client.command(`USER ${"a".repeat(248)}`)).toBe("+OK Go on.");
    expect(fixture.server.violations).toEqual([]);
  });

  test("is a PASS that does not follow its USER", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.commands("USER ann", "PASS wrong", "PASS secret");
    expect(server.violations).toEqual(["PASS: USER comes first."]);
  });
});
