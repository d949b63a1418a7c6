// Maildrops of the test server, and clients for them.
import {
  Mailboxes,
  type Pop3Hook,
  type Pop3Server,
  type Pop3ServerOptions,
  startPop3Server,
} from "@netcli/test-servers";
import {
  Pop3Client,
  type Pop3ClientOptions,
  type Pop3Message,
  type QuitResult,
  type SeenStore,
} from "../src/index.ts";

const user = "ada";
const password = "secret";

/** Messages for ada; the first one is the oldest. */
export function mailboxOf(contents: readonly (string | Uint8Array)[]): Mailboxes {
  const mailboxes = new Mailboxes([user]);
  for (const content of contents) {
    const data = typeof content === "string" ? Buffer.from(content) : content;
    mailboxes.deliver(user, data, { from: "bob@example.org", to: [user] });
  }
  return mailboxes;
}

/** So many small messages, all of them different. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `Subject: ${index + 1}\r\n\r\nMessage ${index + 1}\r\n`);
}

export interface MaildropFixture extends AsyncDisposable {
  readonly server: Pop3Server;
  readonly client: Pop3Client;
  /** The ids of what was there at first. */
  readonly uids: readonly string[];
  /** The ids of what is there now. */
  readonly left: () => string[];
  /** Commands with these verbs, of all sessions. */
  readonly said: (...verbs: readonly string[]) => string[];
}

/** A client that is logged in to a server with these messages. */
export async function maildrop(
  contents: readonly (string | Uint8Array)[],
  options: Pop3ServerOptions = {},
  clientOptions: Partial<Pop3ClientOptions> = {},
): Promise<MaildropFixture> {
  const mailboxes = mailboxOf(contents);
  const uids = mailboxes.messagesOf(user).map(({ uid }) => uid);
  const server = await startPop3Server({ users: { [user]: password }, mailboxes, ...options });
  const { host, port } = server;
  const timeouts = { close: 200, reply: 2_000, stall: 2_000 };
  const client = await Pop3Client.connect({ host, port, user, password, timeouts, ...clientOptions });
  return {
    server,
    client,
    uids,
    left: () => mailboxes.messagesOf(user).map(({ uid }) => uid),
    said: (...verbs) => server.commands.filter((line) => verbs.includes(line.split(" ", 1)[0] ?? "")),
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
    },
  };
}

/** Does something else to a command of one session. */
export function inSession(number: number, verb: string, answer: ReturnType<Pop3Hook>): Pop3Hook {
  return (said, _line, session) => (session.number === number && said === verb ? answer : undefined);
}

/** Does something else to a command, each time. */
export function always(verb: string, answer: ReturnType<Pop3Hook>): Pop3Hook {
  return (said) => (said === verb ? answer : undefined);
}

/** The texts of all messages. */
export async function textsOf(messages: AsyncIterable<Pop3Message>): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of messages) texts.push(await message.text());
  return texts;
}

/** What a result says that the mailbox does not bear out. */
export function liesOf({ deleted, kept }: QuitResult, { uids, left }: MaildropFixture): string[] {
  const there = left();
  return uids.flatMap((uid, index) => {
    const isThere = there.includes(uid);
    if (isThere && deleted.includes(uid)) return [`${index + 1} is there, and is said to be deleted`];
    return !isThere && kept.includes(uid) ? [`${index + 1} is gone, and is said to be kept`] : [];
  });
}

/** The numbers of all messages. */
export async function numbersOf(messages: AsyncIterable<Pop3Message>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { number } of messages) numbers.push(number);
  return numbers;
}

/** Remembers in memory. */
export class Seen implements SeenStore {
  readonly uids: Set<string>;
  keptOnly: ReadonlySet<string> | undefined;

  constructor(uids: Iterable<string> = []) {
    this.uids = new Set(uids);
  }

  has(uid: string): boolean {
    return this.uids.has(uid);
  }

  async add(uid: string): Promise<void> {
    this.uids.add(uid);
  }

  keepOnly(uids: ReadonlySet<string>): void {
    this.keptOnly = uids;
  }
}
