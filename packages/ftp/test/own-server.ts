// Sessions on the FTP server of test-servers.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FtpServer, type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { type FtpOptions, FtpSession } from "../src/index.ts";
import { tlsOptions } from "./fixtures.ts";

export const tester = { user: "tester", password: "secret" };

export interface OwnServerFixture extends AsyncDisposable {
  readonly server: FtpServer;
  readonly session: FtpSession;
  /** Puts a file on the server. */
  readonly put: (name: string, content: string | Uint8Array) => Promise<void>;
  /** What the server has of it. */
  readonly get: (name: string) => Promise<Buffer>;
  /** The commands that came from now on. */
  readonly since: () => () => readonly string[];
}

/** A logged-in session. */
export async function onOwnServer(
  serverOptions: FtpServerOptions = {},
  options: Partial<FtpOptions> = {},
): Promise<OwnServerFixture> {
  const server = await startFtpServer(serverOptions);
  const { host, port, root } = server;
  try {
    const session = await FtpSession.connect({ host, port, ...tester, tlsOptions, ...options });
    return {
      server,
      session,
      put: (name, content) => writeFile(join(root, name), content),
      get: (name) => readFile(join(root, name)),
      since: () => {
        const before = server.commands.length;
        return () => server.commands.slice(before);
      },
      async [Symbol.asyncDispose]() {
        session.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Retrieves a file in binary. */
export async function fetched(session: FtpSession, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await session.retrBinary(`RETR ${name}`, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks);
}
