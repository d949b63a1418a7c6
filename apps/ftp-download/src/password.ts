// Asks for a password without showing it.
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** PasswordError: there is no password to log in with. */
export class PasswordError extends Error {}

/** The password from FTP_PASSWORD, or typed at the terminal. Rejects if there is neither, or with the signal's reason. */
export async function askPassword(user: string, host: string, signal: AbortSignal): Promise<string> {
  const { FTP_PASSWORD: fromEnvironment } = process.env;
  if (fromEnvironment !== undefined) return fromEnvironment;
  if (!process.stdin.isTTY) throw new PasswordError("a password is needed: set FTP_PASSWORD");
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: mute, terminal: true });
  // Behind the line that switches the echo off.
  process.stderr.write(`Password of ${user} at ${host}: `);
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once("line", resolve);
      // In raw mode Ctrl-C is a key, not a signal; readline tells of it.
      terminal.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
      terminal.once("close", () => reject(new PasswordError("no password was given")));
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  } finally {
    terminal.close();
    process.stderr.write("\n");
  }
}
