// What a URL on the command line asks for.
import { parseServerUrl, type TlsMode } from "@netcli/core-transport";

/** A file on a server. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsMode | undefined;
  /** Undefined: where the login leads. */
  readonly directory: string | undefined;
  readonly file: string;
}

/** Takes a URL apart. Throws an Error that says what is wrong with it. */
export function parseTarget(url: string): Target {
  const { scheme, host, port, user, password, path } = parseServerUrl(url);
  if (scheme !== "ftp" && scheme !== "ftps") throw new Error(`"${scheme}:" is not FTP`);
  const slash = path.lastIndexOf("/");
  const file = path.slice(slash + 1);
  if (file === "" || file === "." || file === "..") throw new Error("the URL names no file");
  const directory = slash === -1 ? undefined : path.slice(0, slash) || "/";
  return { host, port, user, password, tls: scheme === "ftps" ? "implicit" : undefined, directory, file };
}
