// What a URL on the command line asks for.
import { parseServerUrl, type TlsMode } from "@netcli/core-transport";

/** A file or directory on a server. */
export interface Target {
  /** The URL as it was given, but without a password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsMode | undefined;
  /** Without a slash at the end; "" is where the login leads. */
  readonly path: string;
  /** What it is called here: the last part of the path, or the host where there is none. */
  readonly name: string;
  /** True: the URL says that it is a directory. */
  readonly isDirectory: boolean;
}

/** Takes a URL apart. Throws an Error that says what is wrong with it. */
export function parseTarget(url: string): Target {
  const { scheme, host, port, user, password, path } = parseServerUrl(url);
  if (scheme !== "ftp" && scheme !== "ftps") throw new Error(`"${scheme}:" is not FTP`);
  const bare = path.replace(/(?<=.)\/+$/, "");
  const name = bare.slice(bare.lastIndexOf("/") + 1);
  if (name === "." || name === "..") throw new Error("the URL names no file");
  return {
    url: withoutPassword(url),
    host,
    port,
    user,
    password,
    tls: scheme === "ftps" ? "implicit" : undefined,
    path: bare,
    name: name || host,
    isDirectory: name === "" || path.endsWith("/"),
  };
}

// The user ends at the first colon, and the password at the last "@" before the path.
function withoutPassword(url: string): string {
  return url.replace(/^([^/]*\/\/[^/:]*):[^/]*@/, "$1@");
}
