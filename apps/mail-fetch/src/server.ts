// The connection to the server that has the mail, and how we log in there.
import { askPassword, dialogueLine, patience, type Run, tlsOptionsOf } from "@netcli/command-line";
import { Pop3Client, type Pop3ClientOptions } from "@netcli/pop3";
import type { Account } from "./account.ts";
import type { Settings } from "./arguments.ts";
import { ExitCode, FileError } from "./exit-code.ts";

/** Connects and logs in. Rejects as Pop3Client.connect does, with PasswordError or FileError. */
export async function connectTo(settings: Settings, { bars, signal }: Run): Promise<Pop3Client> {
  const { account, tls, milliseconds, verbose } = settings;
  const { host, port } = account;
  const tlsOptions = await tlsOptionsOf(settings, (message) => new FileError(message, ExitCode.unreadable));
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
