// A bare POP3 client: bytes out, lines in.
import { type Connection, connect, type TlsOptions } from "@netcli/core-transport";
import { createAuthority } from "@netcli/test-kit";
import {
  Mailboxes,
  type Pop3Answer,
  type Pop3Server,
  type Pop3ServerOptions,
  startPop3Server,
} from "@netcli/test-servers";

const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();
/** For the client of it. */
export const trusting: TlsOptions = { ca: authority.certificate };

const users = { ann: "secret" };

/** Of the fixture's mailbox: the second one has dots and no line end, the third no header. */
export const MESSAGES: readonly string[] = [
  "Subject: One\r\nFrom: a\r\n\r\n1\r\n2\r\n3\r\n",
  "Subject: Two\r\n\r\n.\r\n..a\r\nb",
  "\r\nThree\r\n",
];

export class RawClient implements AsyncDisposable {
  readonly connection: Connection;
  greeting = "";

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Reads the greeting. */
  static async open(place: Pick<Pop3Server, "host" | "port">, tls?: TlsOptions): Promise<RawClient> {
    const client = await RawClient.connect(place, tls);
    client.greeting = await client.line();
    return client;
  }

  static async connect(
    { host, port }: Pick<Pop3Server, "host" | "port">,
    tls?: TlsOptions,
  ): Promise<RawClient> {
    return new RawClient(await connect({ host, port, tls: tls ?? false }));
  }

  async line(): Promise<string> {
    const line = await this.connection.readLine();
    if (line === undefined) throw new Error("the server has ended the session");
    return line;
  }

  async lines(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) lines.push(await this.line());
    return lines;
  }

  /** The lines of a reply that has several, as they came, without the dot at the end. */
  async block(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== "."; line = await this.line()) lines.push(line);
    return lines;
  }

  /** Sends as it is. */
  send(bytes: string | Uint8Array): Promise<void> {
    return this.connection.write(bytes);
  }

  /** Gives the first line of the reply. */
  async command(line: string): Promise<string> {
    await this.send(`${line}\r\n`);
    return this.line();
  }

  /** Sends several, one after the other, and gives the first lines of the replies. */
  async commands(...lines: readonly string[]): Promise<string[]> {
    const replies: string[] = [];
    for (const line of lines) replies.push(await this.command(line));
    return replies;
  }

  /** Gives what is behind the first line, too. */
  async blockOf(line: string): Promise<string[]> {
    await this.send(`${line}\r\n`);
    return this.block();
  }

  async logIn(): Promise<string> {
    await this.command("USER ann");
    return this.command("PASS secret");
  }

  /** Undefined: the server has ended the session, and said nothing more. */
  end(): Promise<string | undefined> {
    return this.connection.readLine();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close();
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** A mailbox of ann's with those messages. */
export function filled(messages: readonly string[] = MESSAGES): Mailboxes {
  const mailboxes = new Mailboxes(["ann"]);
  for (const message of messages) {
    mailboxes.deliver("ann", Buffer.from(message), { from: "", to: ["ann@example.org"] });
  }
  return mailboxes;
}

/** A server with messages for ann, who may log in. */
export function start(options: Pop3ServerOptions = {}): Promise<Pop3Server> {
  return startPop3Server({ users, mailboxes: filled(), ...options });
}

/** A server that answers one verb in that way. */
export function faulty(verb: string, answer: Pop3Answer): Promise<Pop3Server> {
  return start({ reply: (asked) => (asked === verb ? answer : undefined) });
}

/** So many turns of the event loop that what can be sent is sent. */
export async function later(): Promise<"later"> {
  for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  return "later";
}

export interface Fixture extends AsyncDisposable {
  readonly server: Pop3Server;
  readonly client: RawClient;
}

async function fixtureOf(server: Pop3Server, client: RawClient): Promise<Fixture> {
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** A server, and a client that has seen its greeting. */
export async function greeted(options: Pop3ServerOptions = {}, tls?: TlsOptions): Promise<Fixture> {
  const server = await start(options);
  return fixtureOf(server, await RawClient.open(server, tls));
}

/** A server, and a client that has logged in. */
export async function loggedIn(options: Pop3ServerOptions = {}, tls?: TlsOptions): Promise<Fixture> {
  const fixture = await greeted(options, tls);
  await fixture.client.logIn();
  return fixture;
}
