// The server that takes the mail, and who logs in there.
import { askPassword, dialogueLine, patience, type Run, tlsOptionsOf } from "@netcli/command-line";
import { parseServerUrl, type TlsMode } from "@netcli/core-transport";
import { SmtpClient, type SmtpClientOptions } from "@netcli/smtp";
import type { Settings } from "./arguments.ts";
import { ExitCode, InputError } from "./exit-code.ts";

/** What a URL says. */
export interface Server {
  readonly protocol: "smtp" | "lmtp";
  readonly host: string;
  /** Undefined: the usual one. */
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsMode | undefined;
}

/** Takes a URL apart. Throws an Error that says what is wrong with it. */
export function parseServer(url: string): Server {
  const { scheme, host, port, isPortGiven, user, password, path } = parseServerUrl(url);
  if (scheme !== "smtp" && scheme !== "smtps" && scheme !== "lmtp") {
    throw new Error(`"${scheme}:" is neither SMTP nor LMTP`);
  }
  if (path !== "") throw new Error("the URL of a mail server has no path");
  return {
    protocol: scheme === "lmtp" ? "lmtp" : "smtp",
    host,
    port: isPortGiven ? port : undefined,
    user,
    password,
    tls: scheme === "smtps" ? "implicit" : undefined,
  };
}

/** Connects and logs in. Rejects as SmtpClient.connect does, with PasswordError or InputError. */
export async function connectTo(settings: Settings, { bars, signal }: Run): Promise<SmtpClient> {
  const { server, tls, milliseconds, verbose, chunking, name } = settings;
  const { protocol, host, port } = server;
  const tlsOptions = await tlsOptionsOf(settings, (message) => new InputError(message, ExitCode.unreadable));
  const credentials = await credentialsFor(server, signal);
  return SmtpClient.connect({
    protocol,
    host,
    port,
    tls: tls ?? server.tls,
    ...credentials,
    ...(tlsOptions === undefined ? {} : { tlsOptions }),
    ...(milliseconds === undefined ? {} : { timeouts: patience(milliseconds), messageTimeout: milliseconds }),
    chunking,
    name,
    signal,
    ...(verbose ? { trace: (event) => bars.say(dialogueLine(event)) } : {}),
  });
}

/** What is in the environment is for those whom the URL names: not every server is to have it. */
async function credentialsFor(
  { user, password, host }: Server,
  signal: AbortSignal,
): Promise<Pick<SmtpClientOptions, "user" | "password" | "token">> {
  if (user === undefined) return {};
  if (password !== undefined) return { user, password };
  const { MAIL_SEND_TOKEN: token } = process.env;
  if (token !== undefined) return { user, token };
  return { user, password: await askPassword({ variable: "MAIL_SEND_PASSWORD", user, host, signal }) };
}
