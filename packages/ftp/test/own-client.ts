// Clients on the FTP server of test-servers, each with a directory here.
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempDir, tempDir } from "@netcli/test-kit";
import { type FtpServer, type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { FtpClient, type FtpClientOptions } from "../src/index.ts";
import { identity, tlsOptions } from "./fixtures.ts";
import { tester } from "./own-server.ts";

export interface OwnClientFixture extends AsyncDisposable {
  readonly server: FtpServer;
  readonly client: FtpClient;
  readonly local: TempDir;
  /** Another client of the same server; closed with the first. */
  readonly another: (options?: Partial<FtpClientOptions>) => Promise<FtpClient>;
  /** Puts a file on the server, with a time. */
  readonly put: (name: string, content: string | Uint8Array, modifiedAt?: Date) => Promise<void>;
  /** What the server has of it. */
  readonly get: (name: string) => Promise<Buffer>;
  /** What there is on the server. */
  readonly there: () => Promise<string[]>;
  /** What there is in the directory here. */
  readonly here: () => Promise<string[]>;
  /** The commands that came from now on, without their arguments if wanted. */
  readonly since: () => () => readonly string[];
}

export async function onServer(
  serverOptions: FtpServerOptions = {},
  options: Partial<FtpClientOptions> = {},
): Promise<OwnClientFixture> {
  const server = await startFtpServer({ tls: identity, ...serverOptions });
  const local = await tempDir();
  const { host, port, root } = server;
  const clients: FtpClient[] = [];
  const another = async (more: Partial<FtpClientOptions> = {}): Promise<FtpClient> => {
    const timeouts = { close: 200 };
    const given = { host, port, ...tester, tls: "none", tlsOptions, retries: 0, timeouts } as const;
    const client = await FtpClient.connect({ ...given, ...options, ...more });
    clients.push(client);
    return client;
  };
  const client = await another();
  return {
    server,
    client,
    local,
    another,
    async put(name, content, modifiedAt) {
      await writeFile(join(root, name), content);
      if (modifiedAt !== undefined) await utimes(join(root, name), modifiedAt, modifiedAt);
    },
    get: (name) => readFile(join(root, name)),
    there: () => readdir(root),
    here: () => readdir(local.path),
    since: () => {
      const before = server.commands.length;
      return () => server.commands.slice(before);
    },
    async [Symbol.asyncDispose]() {
      for (const each of clients) each.close();
      await server.close();
      await local[Symbol.asyncDispose]();
    },
  };
}

/** Has the file here that content? A comparison of buffers by `toEqual` takes seconds. */
export async function hasContent(path: string, content: Uint8Array): Promise<boolean> {
  return (await readFile(path)).equals(content);
}

/** What a server does wrong with a command the first so many times. */
export function times<F>(count: number, fault: F): () => F | undefined {
  let left = count;
  return () => {
    left -= 1;
    return left < 0 ? undefined : fault;
  };
}
