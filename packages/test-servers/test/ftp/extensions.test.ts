// startFtpServer: what no RFC has, and what few servers do.
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { identity, loggedIn } from "./raw-client.ts";

describe("a verb that few have", () => {
  test("joins files, sets facts, tells of room and of the server", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    for (const name of ["a 1", "a 2"]) await writeFile(join(server.root, name), name);
    expect(await client.command('COMB "a" "a 1" "a 2"')).toMatch(/^250 /);
    expect(await client.command('COMB "a" "none"')).toMatch(/^550 /);
    expect(await client.command('COMB "a"')).toMatch(/^501 /);
    expect(await readdir(server.root)).toEqual(["a"]);
    expect(await readFile(join(server.root, "a"), "utf8")).toBe("a 1a 2");
    expect(await client.command("MFF Modify=20200102030405;UNIX.mode=0640; a")).toBe(
      "213 Modify=20200102030405;UNIX.mode=0640; a",
    );
    expect(await client.command("MFF Owner=root; a")).toMatch(/^504 /);
    expect(await client.command("MFF a")).toMatch(/^501 /);
    const { mtime, mode } = await stat(join(server.root, "a"));
    expect([mtime.toISOString(), mode & 0o777]).toEqual(["2020-01-02T03:04:05.000Z", 0o640]);
    expect(await client.command("SITE UTIME 20210102030405 a")).toMatch(/^200 /);
    expect((await stat(join(server.root, "a"))).mtime.toISOString()).toBe("2021-01-02T03:04:05.000Z");
    expect(await client.command("AVBL")).toMatch(/^213 \d+$/);
    expect(await client.command("AVBL a")).toMatch(/^550 /);
    expect(await client.command("CSID Name=test;")).toMatch(/^200 Name=.*; CaseSensitive=1;/);
  });

  test("is wanted before a port where PRET is on, and before each of them", async () => {
    await using fixture = await loggedIn({ features: { PRET: true } });
    const { server, client } = fixture;
    await writeFile(join(server.root, "a"), "content");
    expect(await client.command("FEAT")).toContain("\n PRET\n");
    expect(await client.command("EPSV")).toMatch(/^500 .*PRET/);
    expect(await client.command("PRET NOOP")).toMatch(/^504 /);
    expect(await client.command("PRET RETR a")).toMatch(/^200 /);
    expect(await client.command("EPSV")).toMatch(/^229 /);
    expect(await client.command("PASV")).toMatch(/^500 /);
  });

  test("has the server be the client of TLS", async () => {
    await using fixture = await loggedIn({ tls: identity });
    const { client } = fixture;
    expect(await client.command("SSCN")).toBe("200 SSCN:SERVER METHOD");
    expect(await client.command("SSCN ON")).toBe("200 SSCN:CLIENT METHOD");
    expect(await client.command("SSCN OFF")).toBe("200 SSCN:SERVER METHOD");
    expect(await client.command("SSCN MAYBE")).toMatch(/^501 /);
    expect(await client.command("CPSV")).toMatch(/^227 /);
  });
});

test("ABOR ends a transfer that is only about to begin", async () => {
  await using fixture = await loggedIn();
  const { server, client } = fixture;
  await writeFile(join(server.root, "a"), "content");
  await client.dataPort();
  await client.connection.write("RETR a\r\nABOR\r\n");
  expect([await client.reply(), await client.reply()]).toEqual([
    expect.stringMatching(/^426 /),
    expect.stringMatching(/^226 /),
  ]);
  expect((await client.retrieve("RETR a")).content.toString()).toBe("content");
});
