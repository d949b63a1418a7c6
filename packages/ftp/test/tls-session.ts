// What the tests of TLS have in common: a session of a user, and the server's side of its beginning.
import type { TlsOptions } from "node:tls";
import { type FtpOptions, FtpSession } from "../src/index.ts";
import { identity, tlsOptions } from "./fixtures.ts";
import type { Ftp, FtpServer } from "./scripted-ftp.ts";

export const ada = { user: "ada", password: "p4ssw0rd" };

export function connect({ host, port }: FtpServer, options: Partial<FtpOptions> = {}): Promise<FtpSession> {
  return FtpSession.connect({ host, port, ...ada, tls: "starttls", tlsOptions, ...options });
}

/** Greets, and takes AUTH TLS. */
export async function upgrade(ftp: Ftp, tls: TlsOptions = identity): Promise<void> {
  await ftp.say("220 ready");
  await ftp.answer("AUTH TLS", "234 go");
  await ftp.peer.startTls(tls);
}

/** Goes on from there to the end of the login. */
export async function protectAndLogIn(ftp: Ftp): Promise<void> {
  await ftp.answer("PBSZ 0", "200 fine");
  await ftp.answer("PROT P", "200 private");
  await ftp.answer("USER ada", "331 password");
  await ftp.answer("PASS p4ssw0rd", "230 in");
}
