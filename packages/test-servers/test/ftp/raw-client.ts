// A bare FTP client: command lines, reply lines, data connections.
import { type Connection, connect, type TlsOptions } from "@netcli/core-transport";
import { createAuthority } from "@netcli/test-kit";
import { type FtpServer, type FtpServerOptions, startFtpServer } from "@netcli/test-servers";

export const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();

export interface Transferred {
  readonly preliminary: string;
  readonly content: Buffer;
  readonly final: string;
}

export class RawClient implements AsyncDisposable {
  readonly connection: Connection;
  greeting = "";
  /** For data connections. */
  tls: TlsOptions | undefined;

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  static async open({ host, port }: FtpServer, tls?: TlsOptions): Promise<RawClient> {
    const client = new RawClient(await connect({ host, port, tls: tls ?? false }));
    client.greeting = await client.reply();
    return client;
  }

  /** The next reply, its lines joined by LF. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.connection.readLine();
      if (line === undefined) throw new Error("the server has ended the session");
      lines.push(line);
      const code = lines[0]?.slice(0, 3);
      if (line.startsWith(`${code} `)) return lines.join("\n");
    }
  }

  async command(line: string): Promise<string> {
    await this.connection.write(`${line}\r\n`);
    return this.reply();
  }

  /** Sends several, one after the other, and gives the replies. */
  async commands(...lines: readonly string[]): Promise<string[]> {
    const replies: string[] = [];
    for (const line of lines) replies.push(await this.command(line));
    return replies;
  }

  async logIn(user: string = "tester", password: string = "secret"): Promise<string> {
    await this.command(`USER ${user}`);
    return this.command(`PASS ${password}`);
  }

  /** AUTH, PBSZ, PROT; data connections resume if `tls` has tickets. */
  async protect(tls: TlsOptions): Promise<void> {
    await this.command("AUTH TLS");
    await this.connection.startTls(tls);
    await this.commands("PBSZ 0", "PROT P");
    this.tls = tls;
  }

  async dataPort(): Promise<number> {
    const reply = await this.command("EPSV");
    return Number(/\(\|\|\|(\d+)\|\)/.exec(reply)?.[1]);
  }

  async data(): Promise<Connection> {
    return connect({ host: this.connection.host, port: await this.dataPort() });
  }

  async #begin(line: string): Promise<{ preliminary: string; data: Connection }> {
    const data = await this.data();
    await this.connection.write(`${line}\r\n`);
    if (this.tls !== undefined) await data.startTls(this.tls);
    return { preliminary: await this.reply(), data };
  }

  /** Takes what the server gives. */
  async retrieve(line: string): Promise<Transferred> {
    const { preliminary, data } = await this.#begin(line);
    const content = Buffer.from(await data.readToEnd().bytes());
    const final = await this.reply();
    await data.close();
    return { preliminary, content, final };
  }

  /** Gives what the server takes. */
  async store(line: string, content: string | Uint8Array): Promise<{ preliminary: string; final: string }> {
    const { preliminary, data } = await this.#begin(line);
    await data.write(content);
    await data.close();
    return { preliminary, final: await this.reply() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close();
  }
}

export interface Fixture extends AsyncDisposable {
  readonly server: FtpServer;
  readonly client: RawClient;
}

/** A server, and a client that is logged in. */
export async function loggedIn(options: FtpServerOptions = {}): Promise<Fixture> {
  const server = await startFtpServer(options);
  const client = await RawClient.open(server);
  await client.logIn();
  await client.command("TYPE I");
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
