// startFtpServer: data connections, files both ways, listings.
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { deflateSync, inflateSync } from "node:zlib";
import { connect } from "@netcli/core-transport";
import { closedPort, failureOf } from "@netcli/test-kit";
import { startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { loggedIn, RawClient } from "./raw-client.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));

async function filled(root: string): Promise<void> {
  await writeFile(join(root, "b file"), "12345");
  await writeFile(join(root, "line\nfeed"), "");
  await mkdir(join(root, "dir"));
  await writeFile(join(root, "dir", "inside"), "");
  await symlink("b file", join(root, "link"));
  await utimes(join(root, "b file"), 0, Date.UTC(2020, 1, 29, 12, 34, 56) / 1000);
}

describe("a data connection", () => {
  test("is made to the port of PASV or EPSV, which is then closed", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), content);
    const [, high, low] = /\(127,0,0,1,(\d+),(\d+)\)/.exec(await client.command("PASV")) ?? [];
    const port = Number(high) * 256 + Number(low);
    await using data = await connect({ host: server.host, port });
    expect(await client.command("RETR file")).toBe("150 Here comes file (300000 bytes).");
    expect(content.equals(await data.readToEnd().bytes())).toBe(true);
    expect(await client.reply()).toMatch(/^226 /);
    expect(await failureOf(connect({ host: server.host, port }))).toMatchObject({
      systemCode: "ECONNREFUSED",
    });
    expect(await client.command("RETR file")).toMatch(/^425 /);
    expect(await client.command("EPSV 1")).toMatch(/^229 /);
    expect(await client.command("EPSV 2")).toMatch(/^522 .*\(1\)/);
    expect(await client.command("EPSV ALL")).toMatch(/^200 /);
    expect(await client.command("PASV")).toMatch(/^501 /);
    expect(await client.command("PORT 127,0,0,1,200,200")).toMatch(/^501 /);
  });

  test("is made to the client's port for PORT and EPRT, and to nowhere else", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), "12345");
    await using listening = createServer();
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const address = listening.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    for (const line of [`PORT 127,0,0,1,${port >> 8},${port & 0xff}`, `EPRT |1|127.0.0.1|${port}|`]) {
      expect(await client.command(line)).toMatch(/^200 /);
      const connected = once(listening, "connection") as Promise<[Socket]>;
      await client.connection.writeLine("RETR file");
      const [socket] = await connected;
      expect((await buffer(socket)).toString()).toBe("12345");
      expect(await client.reply()).toMatch(/^150 /);
      expect(await client.reply()).toMatch(/^226 /);
    }
    expect(await client.command(`PORT 127,0,0,2,${port >> 8},${port & 0xff}`)).toMatch(/^504 /);
    expect(await client.command("PORT 127,0,0,1,0,25")).toMatch(/^501 /);
    expect(await client.command("PORT 127,0,0,256,1,1")).toMatch(/^501 /);
    expect(await client.command(`EPRT |1|127.0.0.2|${port}|`)).toMatch(/^504 /);
    expect(await client.command("EPRT |2|::1|2000|")).toMatch(/^522 /);
    expect(await client.command("EPRT |1|127.0.0.1|")).toMatch(/^501 /);
    await client.command(`EPRT |1|127.0.0.1|${await closedPort()}|`);
    expect(await client.command("RETR file")).toMatch(/^425 /);
  });

  test("goes over IPv6, where there is no PASV", async () => {
    await using server = await startFtpServer({ host: "::1" });
    await using client = await RawClient.open(server);
    await client.logIn();
    expect(await client.command("PASV")).toMatch(/^425 /);
    expect(await client.command("EPSV 2")).toMatch(/^229 /);
    expect((await client.retrieve("MLSD")).final).toMatch(/^226 /);
  });

  test("is not taken from another machine, but still from the right one", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    const port = await client.dataPort();
    const thief = connect({ host: server.host, port, localAddress: "127.0.0.2" });
    await failureOf(thief.then((stolen) => stolen.readToEnd().bytes()));
    await using data = await connect({ host: server.host, port });
    expect(await client.command("MLSD")).toMatch(/^150 /);
    expect(await data.readToEnd().text()).toContain("type=cdir");
  });

  test("is not waited for longer than it may take", async () => {
    await using fixture = await loggedIn({ dataTimeout: 10 });
    await fixture.client.command("EPSV");
    expect(await fixture.client.command("MLSD")).toMatch(/^425 /);
    expect(await fixture.client.command("NOOP")).toMatch(/^200 /);
  });

  test("has its port within the given range, and its address is the given one", async () => {
    const free = await closedPort();
    await using fixture = await loggedIn({ passivePorts: [free, free], pasvAddress: "192.0.2.1" });
    const { server, client } = fixture;
    expect(await client.command("PASV")).toBe(
      `227 Entering Passive Mode (192,0,2,1,${free >> 8},${free & 0xff}).`,
    );
    await using other = await RawClient.open(server);
    await other.logIn();
    expect(await other.command("EPSV")).toMatch(/^425 /);
    expect(await client.command("ABOR")).toMatch(/^226 /);
    expect(await other.command("EPSV")).toMatch(/^229 /);
  });
});

describe("a file", () => {
  test("is sent from the position of REST, once", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), content);
    expect(await client.command("REST 299990")).toMatch(/^350 /);
    expect((await client.retrieve("RETR file")).content.equals(content.subarray(299_990))).toBe(true);
    expect((await client.retrieve("RETR file")).content.equals(content)).toBe(true);
    await client.command("REST 300001");
    expect(await client.command("RETR file")).toMatch(/^554 /);
    await client.command("RANG 10 19");
    expect((await client.retrieve("RETR file")).content.equals(content.subarray(10, 20))).toBe(true);
    expect(await client.command("RETR none")).toMatch(/^550 /);
    expect(await client.command("RETR /")).toMatch(/^550 /);
    expect(server.sessions[0]?.transfers.map(({ verb, bytes }) => [verb, bytes])).toEqual([
      ["RETR", 10],
      ["RETR", 300_000],
      ["RETR", 10],
    ]);
  });

  test("is stored, in parts, at its end, and under a name of its own", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    const stored = (): Promise<string> => readFile(join(server.root, "file"), "utf8");
    expect(await client.store("STOR file", "0123456789")).toMatchObject({
      preliminary: expect.stringMatching(/^150 /),
      final: expect.stringMatching(/^226 /),
    });
    await client.command("REST 4");
    await client.store("STOR file", "xy");
    expect(await stored()).toBe("0123xy6789");
    await client.store("APPE file", "abc");
    expect(await stored()).toBe("0123xy6789abc");
    await client.store("STOR file", "short");
    expect(await stored()).toBe("short");
    await client.command("REST 6");
    expect(await client.command("STOR file")).toMatch(/^554 /);
    expect(await client.command("STOR /")).toMatch(/^553 /);
    expect(await client.command("STOR none/file")).toMatch(/^553 /);
    expect(await stored()).toBe("short");
    expect((await client.store("STOU", "one")).preliminary).toBe("150 FILE: unique.1");
    expect((await client.store("STOU", "two")).preliminary).toBe("150 FILE: unique.2");
    expect(await readFile(join(server.root, "unique.2"), "utf8")).toBe("two");
  });

  test("has CRLF at the ends of its lines in type A, however it is cut into chunks", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    const text = "a\nb\r\nc\r\r\n\n";
    await writeFile(join(server.root, "file"), text);
    await client.command("TYPE A");
    expect((await client.retrieve("RETR file")).content.toString()).toBe("a\r\nb\r\nc\r\r\n\r\n");
    await client.command("REST 3");
    expect((await client.retrieve("RETR file")).content.toString()).toBe("b\r\nc\r\r\n\r\n");
    const long = "0123456789abcde\r\n".repeat(20_000);
    await client.store("STOR long", long);
    expect(await readFile(join(server.root, "long"), "utf8")).toBe(long.replaceAll("\r\n", "\n"));
    expect((await client.retrieve("RETR long")).content.toString()).toBe(long);
    await client.store("STOR end", "a\r\n\rb\r");
    expect(await readFile(join(server.root, "end"), "utf8")).toBe("a\n\rb\r");
    await client.command("REST 1");
    expect(await client.command("STOR long")).toMatch(/^504 /);
  });

  test("is compressed in mode Z, both ways", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), content);
    expect(await client.command("MODE Z")).toMatch(/^200 /);
    const { content: compressed } = await client.retrieve("RETR file");
    expect(compressed.length).toBeLessThan(30_000);
    expect(inflateSync(compressed).equals(content)).toBe(true);
    await client.store("STOR copy", deflateSync(content));
    expect(content.equals(await readFile(join(server.root, "copy")))).toBe(true);
    expect((await client.store("STOR broken", "not compressed")).final).toMatch(/^451 /);
    await client.command("MODE S");
    expect((await client.retrieve("RETR copy")).content.equals(content)).toBe(true);
    expect(server.errors).toEqual([]);
  });

  test("is broken off by ABOR, with 426 and 226; what is said meanwhile is answered in front", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), Buffer.alloc(30_000_000));
    await using data = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    await client.connection.writeLine("NOOP");
    await client.connection.writeLine("ABOR");
    expect((await data.readToEnd().bytes()).length).toBeLessThan(30_000_000);
    expect(await client.reply()).toMatch(/^426 /);
    expect(await client.reply()).toMatch(/^200 /);
    expect(await client.reply()).toMatch(/^226 /);
    expect((await client.retrieve("RETR file")).content.length).toBe(30_000_000);
  });

  test("is not sent any more when the client has ended the session", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "file"), Buffer.alloc(30_000_000));
    await using data = await client.data();
    expect(await client.command("RETR file")).toMatch(/^150 /);
    await client.connection.close();
    await server.sessions[0]?.ended;
    expect((await data.readToEnd().bytes()).length).toBeLessThan(30_000_000);
    expect(server.errors).toEqual([]);
  });
});

describe("a listing", () => {
  test("has facts, with the directory itself and the one above", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await filled(server.root);
    const { content: listing } = await client.retrieve("MLSD");
    const lines = listing.toString().split("\r\n");
    expect(lines.map((line) => line.replace(/modify=\d{14};|unique=\w+;/g, ""))).toEqual([
      expect.stringMatching(/^type=cdir;perm=cdelfmp;UNIX.mode=0700; \.$/),
      expect.stringMatching(/^type=pdir;.* \.\.$/),
      "type=file;size=5;perm=adfrw;UNIX.mode=0644; b file",
      expect.stringMatching(/^type=dir;perm=cdelfmp;UNIX.mode=0755; dir$/),
      "type=file;size=0;perm=adfrw;UNIX.mode=0644; line\0feed",
      expect.stringMatching(/^type=OS\.unix=slink:b file;size=6;.* link$/),
      "",
    ]);
    expect(lines[2]).toContain("modify=20200229123456;");
    expect((await client.retrieve("MLSD dir")).content.toString()).toContain(" inside\r\n");
    expect(await client.command("MLSD b file")).toMatch(/^501 /);
    expect(await client.command("MLSD none")).toMatch(/^550 /);
  });

  test("looks like that of ls", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await filled(server.root);
    const { content: listing } = await client.retrieve("LIST -al");
    expect(listing.toString().split("\r\n")).toEqual([
      "-rw-r--r--    1 ftp      ftp                 5 Feb 29  2020 b file",
      expect.stringMatching(/^drwxr-xr-x    2 ftp      ftp +\d+ [A-Z][a-z]{2} [ \d]\d \d\d:\d\d dir$/),
      expect.stringMatching(/^-rw.* line\0feed$/),
      expect.stringMatching(/^lrwxrwxrwx.* link -> b file$/),
      "",
    ]);
    expect((await client.retrieve("LIST b file")).content.toString()).toMatch(/^-rw.* b file\r\n$/);
    expect((await client.retrieve("LIST d*")).content.toString()).toMatch(/^drwx.* dir\r\n$/);
    expect(await client.command("LIST none")).toMatch(/^550 /);
  });

  test("looks like that of IIS, or as a test wants it", async () => {
    await using fixture = await loggedIn({ listing: "dos" });
    await filled(fixture.server.root);
    const lines = (await fixture.client.retrieve("LIST")).content.toString().split("\r\n");
    expect(lines[0]).toBe("02-29-20  12:34PM                    5 b file");
    expect(lines[1]).toMatch(/^\d\d-\d\d-\d\d  \d\d:\d\d[AP]M       <DIR>          dir$/);
    await using other = await loggedIn({ listing: ({ name, size }) => `${size}|${name}` });
    await writeFile(join(other.server.root, "x"), "123");
    expect((await other.client.retrieve("LIST")).content.toString()).toBe("3|x\r\n");
  });

  test("has names alone, under the directory that was asked for", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await filled(server.root);
    const names = async (line: string): Promise<string[]> =>
      (await client.retrieve(line)).content.toString().trimEnd().split("\r\n");
    expect(await names("NLST")).toEqual(["b file", "dir", "line\0feed", "link"]);
    expect(await names("NLST dir")).toEqual(["dir/inside"]);
    expect(await names("NLST dir/i*")).toEqual(["dir/inside"]);
    expect(await names("NLST l?nk")).toEqual(["link"]);
    expect(await names("NLST nothing*")).toEqual([""]);
    expect(await readdir(server.root)).toHaveLength(4);
  });
});
