// Asks for a password without showing it.
import { openSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { ReadStream } from "node:tty";

/** PasswordError: there is no password to log in with. */
export class PasswordError extends Error {}

export interface PasswordQuestion {
  /** The environment variable that may hold it. */
  readonly variable: string;
  readonly user: string;
  readonly host: string;
  readonly signal: AbortSignal;
}

/**
 * The password from the environment, or typed at the terminal. Rejects if there is neither, or with the signal's
 * reason.
 */
export async function askPassword({ variable, user, host, signal }: PasswordQuestion): Promise<string> {
  const fromEnvironment = process.env[variable];
  if (fromEnvironment !== undefined) return fromEnvironment;
  const input = keyboard();
  if (input === undefined) throw new PasswordError(`a password is needed: set ${variable}`);
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: mute, terminal: true });
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
    if (input !== process.stdin) input.destroy();
    process.stderr.write("\n");
  }
}

/** Where a person types. Undefined: nobody is there. */
function keyboard(): ReadStream | undefined {
  if (process.stdin.isTTY) return process.stdin;
  if (!process.stderr.isTTY) return undefined;
  try {
    // What comes from stdin is not for us.
    return new ReadStream(openSync("/dev/tty", "r+"));
  } catch {
    return undefined;
  }
}
