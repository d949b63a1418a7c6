// The connection to the server that has the mail, and how we log in there.
import { readFile } from "node:fs/promises";
import { askPassword, dialogueLine, type Run } from "@netcli/command-line";
import type { Timeouts, TlsOptions } from "@netcli/core-transport";
import { Pop3Client, type Pop3ClientOptions } from "@netcli/pop3";
import type { Account } from "./account.ts";
import type { Settings } from "./arguments.ts";
import { ExitCode, FileError } from "./exit-code.ts";

/** Connects and logs in. Rejects as Pop3Client.connect does, with PasswordError or FileError. */
export async function connectTo(settings: Settings, { bars, signal }: Run): Promise<Pop3Client> {
  const { account, tls, milliseconds, verbose } = settings;
  const { host, port } = account;
  const tlsOptions = await tlsOptionsOf(settings);
  const credentials = await credentialsOf(account, signal);
  return Pop3Client.connect({
    host,
    port,
    tls: tls ?? account.tls,
    ...credentials,
    ...(tlsOptions === undefined ? {} : { tlsOptions }),
    ...(milliseconds === undefined ? {} : { timeouts: patience(milliseconds) }),
    signal,
    ...(verbose ? { trace: (event) => bars.say(dialogueLine(event)) } : {}),
  });
}

async function credentialsOf(
  { user, password, host }: Account,
  signal: AbortSignal,
): Promise<Pick<Pop3ClientOptions, "user" | "password" | "token">> {
  if (password !== undefined) return { user, password };
  const { MAIL_FETCH_TOKEN: token } = process.env;
  if (token !== undefined) return { user, token };
  return { user, password: await askPassword({ variable: "MAIL_FETCH_PASSWORD", user, host, signal }) };
}

async function tlsOptionsOf({ ca, insecure }: Settings): Promise<TlsOptions | undefined> {
  if (insecure) return { insecure };
  if (ca === undefined) return undefined;
  try {
    return { ca: await readFile(ca) };
  } catch (error) {
    throw new FileError(`cannot read --ca: ${(error as Error).message}`, ExitCode.unreadable);
  }
}

function patience(milliseconds: number): Partial<Timeouts> {
  return { connect: milliseconds, greeting: milliseconds, reply: milliseconds, stall: milliseconds };
}
