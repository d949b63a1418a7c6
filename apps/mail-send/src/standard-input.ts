// The message as it comes from stdin, where that is no terminal.
import { fstatSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { ExitCode, InputError } from "./exit-code.ts";

/** All of it, as text. Rejects with InputError, or with the signal's reason. */
export async function readText(signal: AbortSignal): Promise<string> {
  const bytes = await buffer(readStream(signal));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError("the message is not in UTF-8; nothing was sent", ExitCode.unreadable);
  }
}

/** Stdin; it breaks off with the signal's reason. */
export function readStream(signal: AbortSignal): NodeJS.ReadStream {
  const { stdin } = process;
  // Who reads it hears of that; when all was read, nobody has to.
  stdin.on("error", () => undefined);
  signal.addEventListener("abort", () => stdin.destroy(signal.reason as Error), { once: true });
  return stdin;
}

/** How many bytes will come, if it is a file. */
export function streamBytes(): number | undefined {
  const stats = fstatSync(process.stdin.fd);
  return stats.isFile() ? stats.size : undefined;
}
