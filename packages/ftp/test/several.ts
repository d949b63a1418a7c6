// A client with several sessions on the FTP server of test-servers.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FtpServer, type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { FtpClient, type FtpClientOptions } from "../src/index.ts";
import { tester } from "./own-server.ts";

export interface SeveralFixture extends AsyncDisposable {
  readonly server: FtpServer;
  readonly client: FtpClient;
  /** Puts a file on the server. */
  readonly put: (name: string, content: string | Uint8Array) => Promise<void>;
  readonly get: (name: string) => Promise<Buffer>;
  /** How often the server was told that since the client was there. */
  readonly count: (command: string | RegExp) => number;
  /** Retrieves a file. */
  readonly fetch: (name: string, options?: { signal?: AbortSignal }) => Promise<Buffer>;
}

export async function several(
  serverOptions: FtpServerOptions = {},
  options: Partial<FtpClientOptions> = {},
): Promise<SeveralFixture> {
  const server = await startFtpServer(serverOptions);
  try {
    const { host, port, root } = server;
    const client = await FtpClient.connect({ host, port, ...tester, tls: "none", ...options });
    return {
      server,
      client,
      put: async (name, content) => {
        await mkdir(join(root, name, ".."), { recursive: true });
        await writeFile(join(root, name), content);
      },
      get: (name) => readFile(join(root, name)),
      count: (command) =>
        server.commands.filter((line) =>
          typeof command === "string" ? line === command : command.test(line),
        ).length,
      fetch: async (name, given) => {
        const chunks: Uint8Array[] = [];
        await client.download(name, (chunk) => void chunks.push(chunk), given);
        return Buffer.concat(chunks);
      },
      async [Symbol.asyncDispose]() {
        client.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
