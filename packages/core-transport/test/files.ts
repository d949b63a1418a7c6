// Files and connections for the tests of file transfers.
import { type FileHandle, open, readFile } from "node:fs/promises";
import { createAuthority, type Script, type ScriptedServer, scriptedServer, tempDir } from "@netcli/test-kit";
import { connect, type Connection, type ConnectOptions } from "../src/index.ts";

/** Bytes of which each four say where they stand, so that none can be lost, doubled or overwritten unseen. */
export function pattern(length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = Math.imul(at + 1, 2_654_435_761);
  return Buffer.from(words.buffer, 0, length);
}

export const transports = ["plain", "implicit TLS", "upgraded TLS"] as const;
export type Transport = (typeof transports)[number];

const authority = createAuthority();
const identity = authority.issue();

export interface FileSession extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly connection: Connection;
  readonly path: string;
  readonly file: FileHandle;
  content(): Promise<Buffer>;
}

/** A connection to a script, and an empty file of its own. */
export async function fileSession(
  transport: Transport,
  script: Script,
  options: ConnectOptions = {},
): Promise<FileSession> {
  const directory = await tempDir();
  const path = directory.file("file");
  const file = await open(path, "w+");
  const tls = { ca: authority.certificate };
  const upgraded: Script = async (peer, index) => {
    if (transport === "upgraded TLS") await peer.startTls(identity);
    await script(peer, index);
  };
  const server = await scriptedServer(upgraded, transport === "implicit TLS" ? { tls: identity } : {});
  const connection = await connect({
    host: server.host,
    port: server.port,
    ...options,
    tls: transport === "implicit TLS" ? tls : false,
  });
  if (transport === "upgraded TLS") await connection.startTls(tls);
  return {
    server,
    connection,
    path,
    file,
    content: () => readFile(path),
    async [Symbol.asyncDispose]() {
      connection.destroy();
      await server.close();
      await file.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

export type Write = (
  buffer: Buffer,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesWritten: number }>;

/** Has the file's writes done by `replacement`, which is given the real one: a disk that is slow, full or odd. */
export function replaceWrite(file: FileHandle, replacement: (write: Write) => Write): void {
  const write = file.write.bind(file);
  const real: Write = (buffer, offset, length, position) => write(buffer, offset, length, position);
  Object.defineProperty(file, "write", { value: replacement(real) });
}
