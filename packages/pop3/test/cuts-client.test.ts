// The client's side is cut behind every byte, or falls silent, while messages are fetched and deleted: the server
// deletes nothing that the caller did not have whole, and the result tells the truth.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Mailboxes, startPop3Server } from "@netcli/test-servers";
import { expect, test } from "vitest";
import { Pop3Client } from "../src/index.ts";

const users = { ada: "secret" };
const texts = ["First\r\n.\r\n", "Second: +OK\r\n-ERR\r\n..\r\n", "Third \u00e9\r\n"];

interface Cut {
  /** What the client says is passed on up to here. */
  readonly after: number;
  /** `end`: both sides hear an end. `reset`: the client a reset, the server an end. */
  readonly how: "end" | "reset";
}

interface Relay extends AsyncDisposable {
  readonly port: number;
  /** What the client has said in its first connection. */
  readonly said: () => number;
}

/** Cuts the first connection; the others are left alone. */
async function relayTo(target: number, cut: Cut | undefined): Promise<Relay> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let said = 0;
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    const isFirst = connections === 1;
    const upstream = connect({ host: "127.0.0.1", port: target, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // The other side is told by the "close" behind it.
      socket.on("error", () => undefined);
    }
    let left = isFirst && cut !== undefined ? cut.after : Infinity;
    client.on("data", (chunk) => {
      if (isFirst) said += chunk.length;
      if (upstream.writableEnded || upstream.destroyed) return;
      if (chunk.length < left) {
        left -= chunk.length;
        upstream.write(chunk);
        return;
      }
      upstream.end(chunk.subarray(0, left));
      if (cut?.how === "reset") client.resetAndDestroy();
      else client.end();
    });
    upstream.on("data", (chunk) => {
      if (!client.writableEnded && !client.destroyed) client.write(chunk);
    });
    client.once("end", () => upstream.end());
    client.once("close", () => upstream.end());
    upstream.once("end", () => client.end());
    upstream.once("close", () => client.destroySoon());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  return {
    port: (relay.address() as AddressInfo).port,
    said: () => said,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        relay.close(() => resolve());
      });
    },
  };
}

/** Resolves to what the client has said, and to what went wrong. */
async function run(cut: Cut | undefined): Promise<{ said: number; problems: string[] }> {
  const mailboxes = new Mailboxes(["ada"]);
  for (const text of texts) mailboxes.deliver("ada", Buffer.from(text), { from: "bob", to: ["ada"] });
  const all = mailboxes.messagesOf("ada").map(({ uid }) => uid);
  await using server = await startPop3Server({ users, mailboxes });
  await using relay = await relayTo(server.port, cut);
  const timeouts = { close: 200, reply: 2_000 };
  const options = { host: "127.0.0.1", port: relay.port, user: "ada", password: "secret", timeouts };
  const client = await Pop3Client.connect(options).catch(() => undefined);
  const problems: string[] = [];
  const had: string[] = [];
  if (client !== undefined) {
    for await (const message of client.messages({ delete: "after" })) {
      if (Buffer.from(await message.bytes()).toString() !== texts[all.indexOf(message.uid ?? "")]) {
        problems.push("a message is not what it was");
      }
      had.push(message.uid ?? "");
    }
    const { deleted, kept, error } = await client.quit();
    if (had.join() !== all.join()) problems.push(`handed over: ${had.length}`);
    const left = mailboxes.messagesOf("ada").map(({ uid }) => uid);
    for (const uid of all) {
      if (left.includes(uid) === deleted.includes(uid))
        problems.push(`deleted is not true: ${String(error)}`);
      if (!left.includes(uid) && kept.includes(uid)) problems.push("kept is not true");
    }
    // It connects again, so in the end all is done.
    if (left.length > 0) problems.push(`left: ${left.length}, ${String(error)}`);
  } else if (mailboxes.messagesOf("ada").length < all.length) {
    problems.push("deleted without a client");
  }
  return { said: relay.said(), problems };
}

// Most of the time is the pause before it connects again.
const SIDE_BY_SIDE = 24;

test.each(["end", "reset"] as const)(
  "cut with %s behind any byte",
  async (how) => {
    const { said, problems } = await run(undefined);
    expect(problems).toEqual([]);
    expect(said).toBeGreaterThan(50);
    const wrong: string[] = [];
    const places = Array.from({ length: said + 1 }, (_, index) => index).values();
    const workers = Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const after of places) {
        const outcome = await run({ after, how });
        wrong.push(...outcome.problems.map((problem) => `${after} of ${said}: ${problem}`));
      }
    });
    await Promise.all(workers);
    expect(wrong).toEqual([]);
  },
  120_000,
);
