// Sessions and clients that are logged in to a scripted server, and what tests ask of them.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { type Socket, connect as netConnect } from "node:net";
import { once } from "node:events";
import { setImmediate as tick } from "node:timers/promises";
import type { Trace } from "@netcli/core-transport";
import { createAuthority, type TempDir, tempDir, gate } from "@netcli/test-kit";
import { afterAll, expect } from "vitest";
import { FtpClient, type FtpOptions, FtpSession } from "../src/index.ts";
import { type Ftp, type FtpServer, ftpServer } from "./scripted-ftp.ts";

export const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();
export const tlsOptions = { ca: authority.certificate };

type Script = (ftp: Ftp) => Promise<void>;

export interface SessionFixture extends AsyncDisposable {
  readonly server: FtpServer;
  readonly session: FtpSession;
}

/** An anonymous session; the script goes on where the login ends. */
export async function loggedIn(script: Script, options: Partial<FtpOptions> = {}): Promise<SessionFixture> {
  const server = await ftpServer(async (ftp) => {
    await ftp.logIn();
    await script(ftp);
  });
  const { host, port } = server;
  const session = await FtpSession.connect({ host, port, user: "anonymous", ...options });
  return {
    server,
    session,
    async [Symbol.asyncDispose]() {
      session.close();
      await server.close();
    },
  };
}

export interface ClientFixture extends AsyncDisposable {
  readonly server: FtpServer;
  readonly client: FtpClient;
  readonly directory: TempDir;
  /** Where to download to; nothing is there. */
  readonly target: string;
  content(): Promise<Buffer>;
  /** What there is in the directory. */
  files(): Promise<string[]>;
}

/** An anonymous client with a directory of its own. */
export async function downloading(script: Script, options: Partial<FtpOptions> = {}): Promise<ClientFixture> {
  const directory = await tempDir();
  const server = await ftpServer(async (ftp) => {
    await ftp.logIn();
    await script(ftp);
  });
  const { host, port } = server;
  // A script is for one connection.
  const client = await FtpClient.connect({ host, port, retries: 0, ...options });
  const target = directory.file("target");
  return {
    server,
    client,
    directory,
    target,
    content: () => readFile(target),
    files: () => readdir(directory.path),
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Puts something where a download is to go; `check` then sees whether that is still there, alone. */
export async function occupy({ target, directory }: ClientFixture): Promise<() => Promise<void>> {
  await writeFile(target, "what was there");
  return async () => {
    expect(await readFile(target, "utf8")).toBe("what was there");
    expect(await readdir(directory.path)).toEqual(["target"]);
  };
}

/** Bytes of which each four say where they stand, so that none can be lost, doubled or displaced unseen. */
export function pattern(length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = Math.imul(at + 1, 2_654_435_761);
  return Buffer.from(words.buffer, 0, length);
}

/** Takes bytes and drops them. */
export function nowhere(): void {}

/** A `trace`, and a promise for the moment at which the client knows that its data connection is gone. */
export function dataClosed(): { trace: Trace; closed: Promise<void> } {
  const { opened, open } = gate();
  const connections = new Set<number>();
  const trace: Trace = ({ connection, text }) => {
    connections.add(connection);
    if (connections.size > 1 && text === "closed") open();
  };
  return { trace, closed: opened };
}

/** A way to the server that is not known to be private, whatever the host is called. */
export function throughTunnel(server: FtpServer): Required<Pick<FtpOptions, "host" | "port" | "proxy">> {
  const proxy = async ({ port }: { port: number }): Promise<Socket> => {
    const socket = netConnect(port === 21 ? server.port : port, server.host);
    await once(socket, "connect");
    return socket;
  };
  return { host: "ftp.example.org", port: 21, proxy };
}

/** Fails the test file if a promise is rejected that nobody handles. */
export function refuseUnhandled(): void {
  const reasons: unknown[] = [];
  const listener = (reason: unknown): void => void reasons.push(reason);
  process.on("unhandledRejection", listener);
  afterAll(async () => {
    await tick();
    process.off("unhandledRejection", listener);
    expect(reasons).toEqual([]);
  });
}
