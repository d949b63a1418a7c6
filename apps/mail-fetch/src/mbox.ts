// A file with many messages, in the form mboxrd: each begins with a line "From ..." and ends with an empty one.
import { open, realpath, type FileHandle } from "node:fs/promises";
import type { MaildropRow } from "@netcli/pop3";
import type { Destination } from "./destination.ts";
import { FileError } from "./exit-code.ts";
import { FileLock } from "./file-lock.ts";
import { quoteFromLines } from "./from-lines.ts";
import { unixLines } from "./unix-lines.ts";

const LF = 0x0a;
const SEARCH_BYTES = 65_536;

// Line ends in front of the first line, at most.
const GAP_BYTES = 2;
const NEXT_MESSAGE = Buffer.from("\nFrom ");

export class Mbox implements Destination {
  readonly verb = "saved";
  readonly isLasting = true;
  readonly #file: FileHandle;
  readonly #lock: FileLock;
  // Up to here all messages are whole.
  #size = 0;
  // What the next one begins with.
  #fromLine = "";

  private constructor(file: FileHandle, lock: FileLock) {
    this.#file = file;
    this.#lock = lock;
  }

  /** Makes the file if it is not there. Rejects with FileError if another process has it. */
  static async open(path: string): Promise<Mbox> {
    const file = await open(path, "a+", 0o600);
    let lock: FileLock | undefined;
    try {
      if (!(await file.stat()).isFile()) throw new FileError(`${path} is not a file`);
      // By whatever name it is called.
      lock = await FileLock.take(await realpath(path));
      if (lock.left !== undefined) await removeHalf(file, lock.left);
      const mbox = new Mbox(file, lock);
      await mbox.#begin((await file.stat()).size);
      return mbox;
    } catch (error) {
      await file.close();
      await lock?.release();
      throw error;
    }
  }

  /** Notes what whoever comes after us must know to cut off what we may leave. */
  async #begin(size: number): Promise<void> {
    const date = timestamp(new Date());
    await this.#lock.note(`${size} ${date}`);
    this.#size = size;
    this.#fromLine = fromLineOf(date);
  }

  async take(_row: MaildropRow, content: AsyncIterable<Uint8Array>): Promise<void> {
    let written = 0;
    const write = async (bytes: Buffer): Promise<void> => {
      written += bytes.length;
      await this.#file.writeFile(bytes);
    };
    try {
      await write(Buffer.from(`${await this.#gap()}${this.#fromLine}`));
      let last: number | undefined = LF;
      for await (const bytes of quoteFromLines(unixLines(content))) {
        await write(bytes);
        last = bytes.at(-1) ?? last;
      }
      await write(Buffer.from(last === LF ? "\n" : "\n\n"));
      await this.#file.sync();
      await this.#begin(this.#size + written);
    } catch (error) {
      // Unless somebody who cares for no lock has written behind it.
      const { size } = await this.#file.stat();
      if (size <= this.#size + written) await this.#file.truncate(this.#size);
      throw error;
    }
  }

  /** What is missing of the empty line behind the message before. */
  async #gap(): Promise<string> {
    const end = Buffer.alloc(2);
    const { bytesRead } = await this.#file.read(end, 0, 2, Math.max(this.#size - 2, 0));
    const text = end.toString("latin1", 0, bytesRead);
    if (text === "" || text === "\n\n") return "";
    return text.endsWith("\n") ? "\n" : "\n\n";
  }

  async close(): Promise<void> {
    await this.#file.close();
    await this.#lock.release();
  }
}

function fromLineOf(date: string): string {
  return `From MAILER-DAEMON ${date}\n`;
}

/** Cuts off what a process was writing when it died; not if it had begun nothing, or other messages came behind it. */
async function removeHalf(file: FileHandle, note: string): Promise<void> {
  const [, size, date] = /^(\d{1,15}) (.+)$/.exec(note) ?? [];
  if (size === undefined || date === undefined) return;
  const whole = Number(size);
  const buffer = Buffer.alloc(SEARCH_BYTES);
  const { bytesRead: first } = await file.read(buffer, 0, SEARCH_BYTES, whole);
  const start = buffer.toString("latin1", 0, first).replace(/^\n{1,2}/, "");
  const fromLine = fromLineOf(date);
  if (!start.startsWith(fromLine) && !fromLine.startsWith(start)) return;
  // In the message itself such lines are quoted.
  for (let at = whole + GAP_BYTES; ; at += SEARCH_BYTES - NEXT_MESSAGE.length) {
    const { bytesRead } = await file.read(buffer, 0, SEARCH_BYTES, at);
    if (buffer.subarray(0, bytesRead).includes(NEXT_MESSAGE)) return;
    if (bytesRead < SEARCH_BYTES) break;
  }
  if ((await file.stat()).size > whole) await file.truncate(whole);
}

/** "Fri Nov 20 21:30:54 2026", in UTC, as asctime of C has it. */
function timestamp(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${day?.replace(/^0/, " ")} ${time} ${year}`;
}
