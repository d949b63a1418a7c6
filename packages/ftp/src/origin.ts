// What is uploaded: a file here, bytes, a stream, which can be taken only once, or a function that gives either.
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { chunksOf, type Content } from "@netcli/core-transport";
import { refuseDirectory, versionOf } from "./part-file.ts";

/** A local file by its path, bytes, a stream, or a function that gives the content, again for another try. */
export type UploadSource = string | Exclude<Content, string> | (() => Exclude<Content, string>);

const nothing = (): void => undefined;

/** Origin is open until it is closed. */
export class Origin {
  readonly #source: UploadSource;
  /** Open, where it is a file. */
  readonly file: FileHandle | undefined;
  /** Bytes of a file, when it was opened. */
  readonly total: number | undefined;
  readonly modifiedAt: Date | undefined;
  #isTaken = false;

  private constructor(source: UploadSource, file?: FileHandle, total?: number, modifiedAt?: Date) {
    this.#source = source;
    this.file = file;
    this.total = total;
    this.modifiedAt = modifiedAt;
    // Until it is read from nobody hears of its failure, which would end the process.
    if (source instanceof Readable) source.on("error", nothing);
  }

  /** Rejects with the file system's errors, or ArgumentError. */
  static async open(source: UploadSource): Promise<Origin> {
    if (typeof source !== "string") return new Origin(source);
    await refuseDirectory(source);
    const file = await open(source);
    const { size, mtime } = await file.stat();
    return new Origin(source, file, size, mtime);
  }

  /** Of a stream: it can't be sent again. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Names this version of a file that goes to that path; undefined for what is no file. */
  versionFor(path: string): string | undefined {
    if (this.total === undefined || this.modifiedAt === undefined) return undefined;
    return versionOf(path, this.total, this.modifiedAt);
  }

  /** Is the file still that version? */
  async isUnchanged(): Promise<boolean> {
    if (this.file === undefined) return false;
    const { size, mtime } = await this.file.stat();
    return size === this.total && mtime.getTime() === this.modifiedAt?.getTime();
  }

  /** Throws if the file has become shorter; what has become longer is taken as it is now. */
  assertAsLong(bytes: number): void {
    const { total = 0 } = this;
    if (bytes < total)
      throw new Error(`the file here has become shorter: it had ${total} bytes, now ${bytes}`);
  }

  /** What is no file. */
  content(): Exclude<Content, string> {
    const source = this.#source as Exclude<UploadSource, string>;
    if (source instanceof Uint8Array) return source;
    if (typeof source !== "function") return this.#taking(source);
    const content = source();
    if (content instanceof Readable) content.on("error", nothing);
    return content;
  }

  // As long as nobody has read from it, a stream can be sent over another session.
  async *#taking(source: Exclude<Content, string>): AsyncGenerator<Uint8Array, void, void> {
    this.#isTaken = true;
    yield* chunksOf(source);
  }

  async close(): Promise<void> {
    if (this.#source instanceof Readable) this.#source.off("error", nothing);
    await this.file?.close();
  }
}
