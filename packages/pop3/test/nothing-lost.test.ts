// The server's output is cut behind every byte while messages are fetched and deleted: no message is deleted on the
// server that the caller did not have whole, none is handed over twice, and the result tells the truth.
import { Mailboxes, startPop3Server, type Ending, type Pop3Hook } from "@netcli/test-servers";
import { expect, test } from "vitest";
import { Pop3Client } from "../src/index.ts";

const users = { ada: "secret" };
const texts = ["First\r\n.\r\n", "Second: +OK\r\n-ERR\r\n..\r\n", "Third \u00e9\r\n"];

function threeMails(): Mailboxes {
  const mailboxes = new Mailboxes(["ada"]);
  for (const text of texts) mailboxes.deliver("ada", Buffer.from(text), { from: "bob", to: ["ada"] });
  return mailboxes;
}

/** What one run of a caller came to. */
interface Outcome {
  readonly handedOver: readonly string[];
  readonly problems: readonly string[];
}

/** Cuts the session with this number behind so many bytes. */
function cutting(session: number, after: number, end: Ending): Pop3Hook {
  return (verb, _line, { number }) =>
    verb === "CONNECT" && number === session ? { cut: { after, from: "session", end } } : undefined;
}

async function run(reply: Pop3Hook): Promise<Outcome> {
  const mailboxes = threeMails();
  const all = mailboxes.messagesOf("ada").map(({ uid }) => uid);
  await using server = await startPop3Server({ users, mailboxes, reply });
  const { host, port } = server;
  const timeouts = { close: 200, reply: 2_000 };
  const handedOver: string[] = [];
  const problems: string[] = [];
  const connecting = Pop3Client.connect({ host, port, user: "ada", password: "secret", timeouts });
  const client = await connecting.catch(() => undefined);
  if (client === undefined) {
    if (server.deleted.length > 0) problems.push("deleted without a client");
    return { handedOver, problems };
  }
  for await (const message of client.messages({ delete: "after" })) {
    const text = Buffer.from(await message.bytes()).toString("utf8");
    if (!texts.includes(text)) problems.push(`got ${JSON.stringify(text)}`);
    handedOver.push(message.uid ?? "");
  }
  const { deleted, kept } = await client.quit();
  const left = mailboxes.messagesOf("ada").map(({ uid }) => uid);
  if (new Set(handedOver).size !== handedOver.length) problems.push("handed over twice");
  for (const uid of all) {
    const isThere = left.includes(uid);
    if (!isThere && !handedOver.includes(uid)) problems.push(`${uid} is lost`);
    if (isThere === deleted.includes(uid)) problems.push(`${uid}: deleted is not true`);
    if (!isThere && kept.includes(uid)) problems.push(`${uid}: kept is not true`);
  }
  return { handedOver, problems };
}

/** How many bytes the server says in a session in which nothing goes wrong, and then some. */
const BYTES = 900;

// Most of the time is the pause before it connects again.
const SIDE_BY_SIDE = 32;

test.each(["end", "reset"] as const)(
  "of a session that is cut with %s behind any byte",
  async (end) => {
    const wrong: string[] = [];
    const step = end === "end" ? 1 : 7;
    const places = Array.from({ length: Math.ceil(BYTES / step) }, (_, index) => index * step);
    const tasks = Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (let after = places.shift(); after !== undefined; after = places.shift()) {
        const { handedOver, problems } = await run(cutting(1, after, end));
        wrong.push(...problems.map((problem) => `${after}: ${problem}`));
        // Who could connect at all gets everything: it connects again.
        if (handedOver.length % texts.length !== 0) wrong.push(`${after}: ${handedOver.length} handed over`);
      }
    });
    await Promise.all(tasks);
    expect(wrong).toEqual([]);
  },
  120_000,
);
