// Servers that are not there, and such as can't be relied on.
import { closedPort, scriptedServer, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { serverWith, uidsOf, urlOf } from "./maildrop.ts";
import { run } from "./program.ts";

describe("mail-fetch ends with 3", { timeout: 30_000 }, () => {
  test("when there is no such host", async () => {
    const { code, stdout, stderr } = await run(["pop3://ada@nonexistent.invalid"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^mail-fetch: cannot connect to nonexistent\.invalid:110: .+\n$/);
  });

  test("when nobody listens on the port", async () => {
    const { code, stderr } = await run([`pop3://ada@127.0.0.1:${await closedPort()}`]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^mail-fetch: .*nothing listens there.*\n$/);
  });

  test("when the server says nothing for as long as --timeout allows", async () => {
    await using silent = await scriptedServer((peer) => peer.closed);
    const { code, stderr } = await run(["--timeout", "0.2", `pop3://ada@127.0.0.1:${silent.port}`]);
    expect(code).toBe(3);
    expect(stderr).toContain("no greeting within 200 ms");
  });

  test("when the server wants nobody", async () => {
    await using server = await serverWith([], {
      reply: (verb) => (verb === "CONNECT" ? "-ERR Closed" : undefined),
    });
    const { code, stderr } = await run([urlOf(server)]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: "mail-fetch: 127.0.0.1 refuses: Closed\n" });
  });
});

describe("mail-fetch ends with 8", { timeout: 30_000 }, () => {
  test.each([
    ["ids are missing", "1 one"],
    ["two messages have the same id", "1 one\n2 one"],
  ])("and deletes nothing when %s", async (_what, rows) => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: 1\r\n", "a: 2\r\n"], {
      reply: (verb) => (verb === "UIDL" ? `+OK\n${rows}\n.` : undefined),
    });
    const args = ["--delete", "--new", "--state", folder.file("state"), "--mbox", folder.file("mbox")];
    const { code, stderr } = await run([...args, urlOf(server)]);
    expect(code).toBe(8);
    expect(stderr).toMatch(/^mail-fetch: .+\n$/);
    expect(uidsOf(server)).toHaveLength(2);
  });

  test("when the server speaks something else", async () => {
    await using web = await scriptedServer((peer) => peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const { code, stderr } = await run([`pop3://ada@127.0.0.1:${web.port}`]);
    expect(code).toBe(8);
    expect(stderr).toContain("HTTP/1.1 400 Bad Request");
  });

  test("when nothing more comes", async () => {
    await using server = await serverWith(["a: 1\r\n"], {
      reply: (verb) => (verb === "RETR" ? "stall" : undefined),
    });
    const { code, stdout, stderr } = await run(["--timeout", "0.2", urlOf(server)]);
    expect({ code, stdout }).toEqual({ code: 8, stdout: "" });
    expect(stderr).toMatch(/^mail-fetch: .+\n$/);
  });
});
