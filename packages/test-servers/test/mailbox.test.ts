// Mailboxes: what is delivered stays as it came, and who waits is told.
import { failureOf } from "@netcli/test-kit";
import { Mailboxes } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";

const message = Buffer.from("Subject: a\r\n\r\n.dot\r\n\xff\r\n", "latin1");
const envelope = { from: "ann@example.org", to: ["bob@example.org", "eve@example.org"] };

describe("Mailboxes", () => {
  test("keep a message byte for byte, with its envelope and a time", () => {
    const mailboxes = new Mailboxes();
    const before = Date.now();
    const source = Buffer.from(message);
    const stored = mailboxes.deliver("bob", source, envelope);
    source.fill(0);
    expect(mailboxes.messagesOf("bob")).toEqual([stored]);
    expect(stored).toMatchObject(envelope);
    expect(message.equals(stored.data)).toBe(true);
    expect(stored.receivedAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(stored.uid).toMatch(/^[\x21-\x7e]{1,70}$/);
    expect(mailboxes.messagesOf("eve")).toEqual([]);
    expect(mailboxes.users).toEqual(["bob"]);
  });

  test("give lists that do not change while something comes or goes", () => {
    const mailboxes = new Mailboxes(["bob"]);
    const first = mailboxes.deliver("bob", message, envelope);
    const seen = mailboxes.messagesOf("bob");
    const second = mailboxes.deliver("bob", message, envelope);
    expect(mailboxes.remove("bob", first.uid)).toBe(true);
    expect(mailboxes.remove("bob", first.uid)).toBe(false);
    expect(seen).toEqual([first]);
    expect(mailboxes.messagesOf("bob")).toEqual([second]);
    expect(second.uid).not.toBe(first.uid);
  });

  test("are there for those who have one", () => {
    const mailboxes = new Mailboxes(["bob"]);
    expect(mailboxes.has("bob")).toBe(true);
    expect(mailboxes.has("eve")).toBe(false);
    expect(mailboxes.users).toEqual(["bob"]);
    expect(() => mailboxes.deliver("eve", message, envelope)).toThrow(RangeError);
    expect(new Mailboxes().has("eve")).toBe(true);
  });

  test("tell all who wait for a user's next message, and nobody else", async () => {
    const mailboxes = new Mailboxes();
    mailboxes.deliver("bob", message, envelope);
    const waiting = [mailboxes.next("bob"), mailboxes.next("bob")];
    const elsewhere = new AbortController();
    const never = failureOf(mailboxes.next("eve", { signal: elsewhere.signal }));
    const stored = mailboxes.deliver("bob", message, envelope);
    mailboxes.deliver("bob", message, envelope);
    expect(await Promise.all(waiting)).toEqual([stored, stored]);
    elsewhere.abort(new Error("enough"));
    expect(await never).toMatchObject({ message: "enough" });
    await expect(mailboxes.next("bob", { signal: elsewhere.signal })).rejects.toThrow("enough");
  });
});
