// A bare SMTP client: bytes out, replies in.
import { type Connection, connect, type TlsOptions } from "@netcli/core-transport";
import { createAuthority } from "@netcli/test-kit";
import { type EsmtpServer, type EsmtpServerOptions, startEsmtpServer } from "@netcli/test-servers";

const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();
/** For the client of it. */
export const trusting: TlsOptions = { ca: authority.certificate };

/** Where a server is. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly path?: string | undefined;
}

export class RawClient implements AsyncDisposable {
  readonly connection: Connection;
  greeting = "";

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Reads the greeting. */
  static async open(place: Place, tls?: TlsOptions): Promise<RawClient> {
    const client = await RawClient.connect(place, tls);
    client.greeting = await client.reply();
    return client;
  }

  static async connect({ host, port, path }: Place, tls?: TlsOptions): Promise<RawClient> {
    const target = path === undefined ? { host, port } : { path };
    return new RawClient(await connect({ ...target, tls: tls ?? false }));
  }

  /** The next reply, its lines joined by LF. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.connection.readLine();
      if (line === undefined) throw new Error("the server has ended the session");
      lines.push(line);
      if (line[3] !== "-") return lines.join("\n");
    }
  }

  async replies(count: number): Promise<string[]> {
    const replies: string[] = [];
    while (replies.length < count) replies.push(await this.reply());
    return replies;
  }

  /** Sends as it is. */
  send(bytes: string | Uint8Array): Promise<void> {
    return this.connection.write(bytes);
  }

  async command(line: string): Promise<string> {
    await this.send(`${line}\r\n`);
    return this.reply();
  }

  /** Sends several, one after the other, and gives the replies. */
  async commands(...lines: readonly string[]): Promise<string[]> {
    const replies: string[] = [];
    for (const line of lines) replies.push(await this.command(line));
    return replies;
  }

  /** MAIL, RCPT, DATA and the content, which ends with its dot; gives the last reply. */
  async mail(content: string | Uint8Array, ...to: readonly string[]): Promise<string> {
    await this.command("MAIL FROM:<ann@example.org>");
    for (const address of to) await this.command(`RCPT TO:<${address}>`);
    await this.command("DATA");
    await this.send(content);
    await this.send(".\r\n");
    return this.reply();
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

export interface Fixture extends AsyncDisposable {
  readonly server: EsmtpServer;
  readonly client: RawClient;
}

/** A server, and a client that has said EHLO or LHLO. */
export async function greeted(options: EsmtpServerOptions = {}, tls?: TlsOptions): Promise<Fixture> {
  const server = await startEsmtpServer(options);
  const client = await RawClient.open(server, tls);
  await client.command(options.lmtp === true ? "LHLO a.example" : "EHLO a.example");
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
