// Whose mail is fetched, and from where.
import { createHash } from "node:crypto";
import { parseServerUrl, type TlsMode } from "@netcli/core-transport";

// The same maildrop, with and without TLS from the first byte.
const USUAL_PORTS = [110, 995];

const SHOWN_CHARACTERS = 80;

/** What a URL says. */
export interface Account {
  readonly host: string;
  /** Undefined: the usual one. */
  readonly port: number | undefined;
  readonly user: string;
  readonly password: string | undefined;
  readonly tls: TlsMode | undefined;
}

/** Takes a URL apart. Throws an Error that says what is wrong with it. */
export function parseAccount(url: string): Account {
  const { scheme, host, port, isPortGiven, user, password, path } = parseServerUrl(url);
  if (scheme !== "pop3" && scheme !== "pop3s") throw new Error(`"${scheme}:" is not POP3`);
  if (path !== "") throw new Error("the URL of a maildrop has no path");
  if (user === undefined) throw new Error("name a user in the URL: pop3://user@host");
  return {
    host,
    port: isPortGiven ? port : undefined,
    user,
    password,
    tls: scheme === "pop3s" ? "implicit" : undefined,
  };
}

/** A name for a file about the account: no two have the same, and none leads to another directory. */
export function fileNameOf({ user, host, port }: Account): string {
  const isUsual = port === undefined || USUAL_PORTS.includes(port);
  const name = `${user}@${host}${isUsual ? "" : `:${port}`}`;
  const shown = name.replaceAll(/[^\w.@-]/g, "_").slice(0, SHOWN_CHARACTERS);
  return `${shown}-${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}
