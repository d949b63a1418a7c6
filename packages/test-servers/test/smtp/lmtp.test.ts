// startEsmtpServer: LMTP (RFC 2033), over TCP and over a Unix socket.
import { join } from "node:path";
import { tempDir } from "@netcli/test-kit";
import { Mailboxes, startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { greeted, RawClient } from "./raw-client.ts";

const recipients = ["bob@example.org", "eve@example.org", "joe@example.org"];

describe("LMTP", () => {
  test("answers for each recipient that was accepted, in their order, behind DATA and BDAT LAST", async () => {
    await using fixture = await greeted({
      lmtp: true,
      mailboxes: new Mailboxes(["bob", "joe"]),
      reply: (verb, line) => (verb === "." && line.startsWith("joe") ? "452 4.2.2 Full." : undefined),
    });
    const { client, server } = fixture;
    expect(server.url).toMatch(/^lmtp:/);
    expect(await client.mail("\r\n", ...recipients)).toBe("250 2.0.0 Ok: queued as 00000001");
    expect(await client.reply()).toBe("452 4.2.2 Full.");
    await client.send(
      "MAIL FROM:<>\r\nRCPT TO:<joe@a.example>\r\nRCPT TO:<bob@a.example>\r\nBDAT 2 LAST\r\n\r\n",
    );
    expect((await client.replies(5)).slice(3)).toEqual([
      "452 4.2.2 Full.",
      "250 2.0.0 Ok: queued as 00000002",
    ]);
    expect(await client.command("NOOP")).toMatch(/^250 /);
    expect(server.mailboxes.messagesOf("bob")).toHaveLength(2);
    expect(server.mailboxes.messagesOf("joe")).toEqual([]);
    expect(server.received.map(({ to }) => to.map(({ address }) => address))).toEqual([
      ["bob@example.org", "joe@example.org"],
      ["joe@a.example", "bob@a.example"],
    ]);
    expect(server.violations).toEqual([]);
  });

  test("knows LHLO alone, and refuses DATA without a recipient", async () => {
    await using server = await startEsmtpServer({ lmtp: true });
    await using client = await RawClient.open(server);
    expect(await client.commands("EHLO a.example", "HELO a.example")).toEqual([
      "500 LHLO is said here.",
      "500 LHLO is said here.",
    ]);
    await client.commands("LHLO a.example", "MAIL FROM:<>");
    expect(await client.command("DATA")).toMatch(/^503 /);
  });

  test("is spoken over a Unix socket", async () => {
    await using folder = await tempDir();
    const path = join(folder.path, "lmtp.sock");
    await using fixture = await greeted({ lmtp: true, path });
    const { client, server } = fixture;
    expect(server).toMatchObject({ path, host: "", port: 0, url: "" });
    expect(await client.mail("\r\n", "bob@example.org")).toMatch(/^250 /);
    expect(server.mailboxes.users).toEqual(["bob"]);
  });
});
