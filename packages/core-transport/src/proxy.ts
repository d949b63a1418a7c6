// Through a proxy: SOCKS 5 (RFC 1928, RFC 1929) and HTTP CONNECT (RFC 9110 9.3.6). The proxy resolves the
// name: what we ask for does not leak into a local lookup.
import { isIP, isIPv4 } from "node:net";
import type { Connection } from "./connection.ts";
import { ArgumentError, ConnectError, ConnectionClosedError, ProtocolError } from "./errors.ts";
import { normalizeHost } from "./url.ts";

/** A proxy's URL in parts. */
export interface ProxyAddress {
  readonly scheme: "socks5" | "http";
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string;
}

// RFC 1928 says 1080; for http the scheme's own.
const DEFAULT_PORTS = { socks5: 1_080, http: 80 };

/** Reads `socks5://[user:password@]host[:port]` or `http://...`. Throws ArgumentError without repeating secrets. */
export function parseProxyUrl(text: string): ProxyAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1);
  if (url === undefined || (scheme !== "socks5" && scheme !== "http")) {
    throw new ArgumentError('a proxy is given as "socks5://host:port", "http://host:port" or a function');
  }
  if (url.port === "0") throw new ArgumentError("the proxy's port must be 1 to 65535");
  const user = credential(url.username, "user", scheme);
  return {
    scheme,
    host: normalizeHost(url.hostname),
    port: url.port === "" ? DEFAULT_PORTS[scheme] : Number(url.port),
    user: user === "" ? undefined : user,
    password: credential(url.password, "password", scheme),
  };
}

function credential(text: string, name: string, scheme: ProxyAddress["scheme"]): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new ArgumentError(`the proxy's ${name} has a "%" without a UTF-8 character behind it`);
  }
  // RFC 1929 2 counts in one byte.
  if (scheme === "socks5" && Buffer.byteLength(decoded) > 255) {
    throw new ArgumentError(`the proxy's ${name} must not exceed 255 bytes`);
  }
  return decoded;
}

/** `host:port` as it stands in a URL. */
export function hostPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Asks the proxy at the other end of `connection` to connect to `host`; afterwards the connection leads there. */
export async function tunnel(
  connection: Connection,
  proxy: ProxyAddress,
  host: string,
  port: number,
): Promise<void> {
  if (proxy.scheme === "http") await httpConnect(connection, proxy, host, port);
  else await socks5Connect(connection, proxy, host, port);
}

const NO_AUTHENTICATION = 0x00;
const USERNAME_PASSWORD = 0x02;

// RFC 1928 6.
const SOCKS_REFUSALS = new Map([
  [0x01, "general failure"],
  [0x02, "not allowed by its rules"],
  [0x03, "network unreachable"],
  [0x04, "host unreachable"],
  [0x05, "connection refused"],
  [0x06, "TTL expired"],
  [0x07, "command not supported"],
  [0x08, "address type not supported"],
]);

async function socks5Connect(
  connection: Connection,
  proxy: ProxyAddress,
  host: string,
  port: number,
): Promise<void> {
  const methods = proxy.user === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_PASSWORD];
  await connection.write(Uint8Array.of(5, methods.length, ...methods));
  const [version, method] = await connection.readExactly(2);
  if (version !== 5) throw new ProtocolError("the proxy does not speak SOCKS 5");
  if (method === USERNAME_PASSWORD && proxy.user !== undefined) {
    await connection.write(Buffer.concat([Uint8Array.of(1), counted(proxy.user), counted(proxy.password)]));
    const [, status] = await connection.readExactly(2);
    if (status !== 0) throw new ConnectError("the proxy refused the user or the password");
  } else if (method !== NO_AUTHENTICATION) {
    throw new ConnectError(
      proxy.user === undefined
        ? "the proxy wants a user and a password"
        : "the proxy accepts no way of authentication that we have",
    );
  }
  await connection.write(
    Buffer.concat([Uint8Array.of(5, 1, 0), socksAddress(host), Uint8Array.of(port >> 8, port & 0xff)]),
  );
  const [, status = 0xff, , addressType] = await connection.readExactly(4);
  if (status !== 0) {
    const why = SOCKS_REFUSALS.get(status) ?? `code ${status}`;
    throw new ConnectError(`the proxy could not connect to ${hostPort(host, port)}: ${why}`);
  }
  // The address it bound is of no use to us, but has to be read.
  if (addressType === 1) await connection.readExactly(4 + 2);
  else if (addressType === 4) await connection.readExactly(16 + 2);
  else if (addressType === 3) {
    const [length = 0] = await connection.readExactly(1);
    await connection.readExactly(length + 2);
  } else throw new ProtocolError("the proxy answered with an unknown type of address");
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

function socksAddress(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([1, ...host.split(".").map(Number)]);
  if (isIP(host) === 6) return Buffer.concat([Uint8Array.of(4), ipv6Bytes(host)]);
  return Buffer.concat([Uint8Array.of(3), counted(host)]);
}

/** The 16 bytes of an IPv6 address, which `isIP` has found valid. */
function ipv6Bytes(address: string): Buffer {
  // The URL parser writes every notation, also with an IPv4 tail, as hexadecimal groups.
  const canonical = new URL(`http://[${address.replace(/%.*/, "")}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => "0");
  return Buffer.from([...front, ...zeros, ...back].map((group) => group.padStart(4, "0")).join(""), "hex");
}

async function httpConnect(
  connection: Connection,
  proxy: ProxyAddress,
  host: string,
  port: number,
): Promise<void> {
  const target = hostPort(host, port);
  const credentials = Buffer.from(`${proxy.user ?? ""}:${proxy.password}`).toString("base64");
  const authorization = proxy.user === undefined ? "" : `Proxy-Authorization: Basic ${credentials}\r\n`;
  await connection.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  const status = await connection.reader.readLine();
  if (status === undefined) throw new ConnectionClosedError("the peer closed the connection");
  const code = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(status)?.[1];
  if (code === undefined) throw new ProtocolError("the proxy does not speak HTTP");
  if (code === "407") {
    throw new ConnectError(
      proxy.user === undefined
        ? "the proxy wants a user and a password"
        : "the proxy refused the user or the password",
    );
  }
  if (!code.startsWith("2")) {
    throw new ConnectError(`the proxy could not connect to ${target}: ${status.slice(9)}`);
  }
  let headers = 0;
  for (
    let line = await connection.reader.readLine();
    line !== "";
    line = await connection.reader.readLine()
  ) {
    headers += 1;
    if (line === undefined || headers > connection.limits.replyLines) {
      throw new ProtocolError("the proxy's answer has no end");
    }
  }
}
