// The tasks that the tests of cuts do: each says what it wants, and what may be there when it has failed.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir, type TempDir } from "@netcli/test-kit";
import type { FtpClient } from "../src/index.ts";

/** One task, done at many places at the same time, each with names of its own. */
export interface CutTask extends AsyncDisposable {
  /** Rejects also if what came of it is wrong. */
  run(client: FtpClient, place: number, options: { resume: boolean }): Promise<void>;
  /** Throws unless all is as it was before, or as it is to be; `isLast`: unless it is as it is to be. */
  check(place: number, isKept: boolean): Promise<void>;
  /** Throws if more is left than there has to be. */
  checkAll(places: readonly number[]): Promise<void>;
}

export type TaskName = "download" | "upload" | "list";

const nameOf = (place: number): string => `at-${String(place).padStart(4, "0")}`;

async function contentOf(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(() => undefined);
}

function assertWhole(got: Buffer | undefined, content: Buffer): void {
  if (got === undefined) throw new Error("there is no file");
  if (!got.equals(content)) throw new Error(`a wrong file of ${got.length} bytes`);
}

/** Throws unless there are these names, and perhaps a part of one of them. */
async function assertNames(directory: string, names: readonly string[]): Promise<void> {
  const found = (await readdir(directory)).toSorted();
  const [missing, more] = [
    names.filter((name) => !found.includes(name)),
    found.filter((name) => !names.includes(name)),
  ];
  if (missing.length + more.length > 0) throw new Error(`missing: ${missing.join()}; more: ${more.join()}`);
}

async function assertNoPart(directory: string, name: string): Promise<void> {
  const parts = (await readdir(directory)).filter((found) => found.startsWith(`.${name}.`));
  if (parts.length > 0) throw new Error(`left behind: ${parts.join()}`);
}

/** A file goes from one side to the other. */
async function copying(root: string, content: Buffer, direction: "download" | "upload"): Promise<CutTask> {
  const local: TempDir = await tempDir();
  await mkdir(join(root, "there"));
  await mkdir(local.file("here"));
  const isDownload = direction === "download";
  await writeFile(isDownload ? join(root, "source") : local.file("source"), content);
  const target = isDownload ? local.file("here") : join(root, "there");
  return {
    async run(client, place, options) {
      const name = nameOf(place);
      const { bytes } = isDownload
        ? await client.download("source", join(target, name), options)
        : await client.upload(local.file("source"), `there/${name}`, options);
      if (bytes !== content.length) throw new Error(`it says ${bytes} bytes`);
      assertWhole(await contentOf(join(target, name)), content);
    },
    async check(place, isKept) {
      const name = nameOf(place);
      const got = await contentOf(join(target, name));
      // An upload has its name before the server says so.
      if (got !== undefined && isDownload) throw new Error("there is a file, though it failed");
      if (got !== undefined) assertWhole(got, content);
      if (!isKept) await assertNoPart(target, name);
    },
    checkAll: (places) => assertNames(target, places.map(nameOf)),
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

/** A directory is listed; its listing has as many bytes as a file would have, more or less. */
async function listing(root: string): Promise<CutTask> {
  const names = ["one", "two", "three"];
  await mkdir(join(root, "there"));
  for (const name of names) await writeFile(join(root, "there", name), name);
  return {
    async run(client) {
      const entries = await client.list("there");
      const found = entries.map(({ name }) => name).toSorted();
      if (found.join() !== names.toSorted().join()) throw new Error(`it lists ${found.join()}`);
    },
    check: () => Promise.resolve(),
    checkAll: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

export function cutTask(name: TaskName, root: string, content: Buffer): Promise<CutTask> {
  return name === "list" ? listing(root) : copying(root, content, name);
}
