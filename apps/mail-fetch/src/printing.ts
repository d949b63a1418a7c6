// Messages on stdout, one behind the other.
import { printable } from "@netcli/core-transport";
import type { MaildropRow } from "@netcli/pop3";
import type { Destination } from "./destination.ts";
import { FileError } from "./exit-code.ts";
import { unixLines } from "./unix-lines.ts";

const LF = 0x0a;

/** Printing shows messages: on a terminal without what would steer it, elsewhere byte for byte. */
export class Printing implements Destination {
  readonly verb = "shown";
  readonly isLasting = false;

  async take({ number, size, uid }: MaildropRow, content: AsyncIterable<Uint8Array>): Promise<void> {
    const id = uid === undefined ? "" : `, id ${printable(uid)}`;
    await write(`--- message ${number}, ${size} bytes${id} ---\n`);
    // What is not UTF-8 can't be shown; nobody looks into MIME here.
    const decoder = process.stdout.isTTY ? new TextDecoder() : undefined;
    let last: number | undefined = LF;
    const end = (): string => `${decoder?.decode() ?? ""}${last === LF ? "" : "\n"}`;
    try {
      for await (const bytes of unixLines(content)) {
        await write(decoder === undefined ? bytes : harmless(decoder.decode(bytes, { stream: true })));
        last = bytes.at(-1) ?? last;
      }
    } catch (error) {
      if (!(error instanceof FileError)) await write(`${end()}--- message ${number} broke off ---\n`);
      throw error;
    }
    await write(end());
  }

  async close(): Promise<void> {}
}

function harmless(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, printable);
}

/** Waits until it was taken: who reads it may be slow, or gone. */
function write(bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(new FileError(`cannot write to stdout: ${error.message}`));
    });
  });
}
