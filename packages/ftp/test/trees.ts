// Directory trees on a server for tests and here, and a client between them.
import { mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TempDir, tempDir } from "@netcli/test-kit";
import { type FtpServer, type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { FtpClient, type FtpClientOptions } from "../src/index.ts";
import { tester } from "./own-server.ts";

/** What there is under each path: the content of a file, null for a directory, or where a link leads. */
export type Tree = Readonly<Record<string, string | Uint8Array | null | { readonly to: string }>>;

/** A server that knows nothing but LIST. */
export const listOnly = { MLSD: 502, MLST: 502 } as const;

/** All files get that time. */
export const MODIFIED: Date = new Date("2024-05-06T07:08:09Z");

/** Puts a tree on the disk; directories above what is named are made. */
export async function plant(root: string, tree: Tree): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [path, what] of Object.entries(tree)) {
    const place = join(root, path);
    await mkdir(what === null ? place : dirname(place), { recursive: true });
    if (what === null) continue;
    if (typeof what === "string" || what instanceof Uint8Array) {
      await writeFile(place, what);
      await utimes(place, MODIFIED, MODIFIED);
    } else {
      await symlink(what.to, place);
    }
  }
}

/** What is on the disk, in the form of a tree. */
export async function growing(root: string): Promise<Tree> {
  const tree: Record<string, string | null | { to: string }> = {};
  const look = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
      const inner = path === "" ? entry.name : `${path}/${entry.name}`;
      const place = join(root, inner);
      if (entry.isSymbolicLink()) tree[inner] = { to: await readlink(place) };
      else if (entry.isDirectory()) tree[inner] = null;
      else tree[inner] = await readFile(place, "utf8");
      if (entry.isDirectory()) await look(inner);
    }
  };
  await look("");
  return tree;
}

export interface TreeFixture extends AsyncDisposable {
  readonly server: FtpServer;
  readonly client: FtpClient;
  readonly directory: TempDir;
  /** The root of the tree here: nothing is there. */
  readonly local: string;
  /** The verbs, or whole commands, that came from now on. */
  readonly since: () => (verb?: string) => readonly string[];
}

/** A client on a server that has that tree. */
export async function withTrees(
  tree: Tree,
  serverOptions: FtpServerOptions = {},
  options: Partial<FtpClientOptions> = {},
): Promise<TreeFixture> {
  const directory = await tempDir();
  const server = await startFtpServer(serverOptions);
  await plant(server.root, tree);
  const { host, port } = server;
  const client = await FtpClient.connect({ host, port, ...tester, tls: "none", ...options });
  return {
    server,
    client,
    directory,
    local: directory.file("tree"),
    since: () => {
      const before = server.commands.length;
      return (verb) =>
        server.commands.slice(before).filter((line) => verb === undefined || line.split(" ", 1)[0] === verb);
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Facts of a file with that name. */
export function fileLine(name: string): string {
  return `type=file;size=3;modify=20240506070809; ${name}\r\n`;
}

/** Facts of a directory with that name. */
export function directoryLine(name: string, facts: string = ""): string {
  return `type=dir;${facts} ${name}\r\n`;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
