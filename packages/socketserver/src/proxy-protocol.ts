// The PROXY protocol, versions 1 and 2: a load balancer in front of the server says where the client is
// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). Pure: bytes in, header out.
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { type PeerAddress, printable, ProtocolError } from "@netcli/core-transport";

/** A header that was read. */
export interface ProxyHeader {
  /** Its length; what follows is the client's. */
  readonly bytes: number;
  /** Where the client is; undefined if the proxy speaks for itself, as for a health check, or does not know. */
  readonly source: PeerAddress | undefined;
}

// Section 2.1: no valid header of version 1 is longer.
const LONGEST_V1 = 107;
const V1 = Buffer.from("PROXY ", "latin1");
const V2 = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const V2_FIXED = 16;

// Ours: section 2.2 allows 65,535 bytes, but asks senders to stay within 536. TLVs with certificates need more.
const LONGEST_V2 = 4_096;

/** Reads a header from the start of `bytes`; undefined while it is not complete. Throws ProtocolError if it is none. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (startsLike(bytes, V2)) return bytes.length < V2_FIXED ? undefined : parseV2(bytes);
  if (startsLike(bytes, V1)) return parseV1(bytes);
  throw new ProtocolError("the proxy sent no PROXY header");
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function parseV1(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, LONGEST_V1).indexOf("\r\n");
  if (end === -1) {
    if (bytes.length >= LONGEST_V1) throw new ProtocolError("the PROXY header has no end");
    return undefined;
  }
  const line = bytes.toString("latin1", 0, end);
  const [, family, source = "", destination = "", sourcePort = "", destinationPort = "", ...rest] =
    line.split(" ");
  if (family === "UNKNOWN") return { bytes: end + 2, source: undefined };
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isIPv6 : () => false;
  const isValid =
    rest.length === 0 &&
    [source, destination].every(isAddress) &&
    [sourcePort, destinationPort].every(
      (port) => /^(?:0|[1-9]\d{0,4})$/.test(port) && Number(port) <= 65_535,
    );
  if (!isValid) throw new ProtocolError(`not a PROXY header: ${printable(line)}`);
  const address = family === "TCP6" ? canonical(source) : source;
  return { bytes: end + 2, source: { address, port: Number(sourcePort) } };
}

function parseV2(bytes: Buffer): ProxyHeader | undefined {
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const length = V2_FIXED + bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) {
    throw new ProtocolError(`the PROXY header has the unknown command 0x${command.toString(16)}`);
  }
  if (length > LONGEST_V2) throw new ProtocolError(`the PROXY header has ${length} bytes`);
  if (bytes.length < length) return undefined;
  // LOCAL: the address, if any, is to be ignored (section 2.2).
  return { bytes: length, source: command === 0x20 ? undefined : sourceOf(family, bytes, length) };
}

// The high half of the byte is the address family, the low half the transport.
function sourceOf(family: number, bytes: Buffer, length: number): PeerAddress | undefined {
  if (family >> 4 > 3 || (family & 0x0f) > 2) {
    throw new ProtocolError(`the PROXY header has the unknown protocol 0x${family.toString(16)}`);
  }
  const addressLength = family >> 4 === 1 ? 4 : family >> 4 === 2 ? 16 : 0;
  if (addressLength === 0) return undefined;
  const ports = V2_FIXED + 2 * addressLength;
  if (length < ports + 4) throw new ProtocolError("the PROXY header is too short for its addresses");
  const address = bytes.subarray(V2_FIXED, V2_FIXED + addressLength);
  return {
    address: addressLength === 4 ? address.join(".") : ipv6Text(address),
    port: bytes.readUInt16BE(ports),
  };
}

function ipv6Text(address: Buffer): string {
  return canonical((address.toString("hex").match(/.{4}/g) ?? []).join(":"));
}

/** The text by which addresses are compared, that of the kernel (RFC 5952). */
function canonical(address: string): string {
  return new SocketAddress({ address, family: "ipv6" }).address;
}
