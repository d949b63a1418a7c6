// PROXY headers as load balancers write them.
import { isIPv4 } from "node:net";
import type { PeerAddress } from "@netcli/core-transport";

/** The high half of a header's 14th byte. */
export const AF = { unspecified: 0x00, ipv4: 0x10, ipv6: 0x20 };

function groups(part: string): string[] {
  return part === "" ? [] : part.split(":");
}

/** An IP address as 4 or 16 bytes; the text has to be right. */
function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [, before = address, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? [];
  const text =
    dotted === undefined
      ? before
      : `${before}${bytesOf(dotted)
          .toString("hex")
          .replace(/(?<=^.{4})/, ":")}`;
  const [head = "", tail] = text.split("::");
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail ?? "")];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

export function version1(source: PeerAddress, destination: string): Buffer {
  const family = isIPv4(source.address) ? "TCP4" : "TCP6";
  return Buffer.from(`PROXY ${family} ${source.address} ${destination} ${source.port} 25\r\n`);
}

interface Version2Options {
  /** The 13th byte. */
  command?: number;
  /** The 14th. */
  protocol?: number;
  /** What follows the addresses. */
  behind?: Uint8Array;
}

/** Without a source there are no addresses. */
export function version2(
  source: PeerAddress | undefined,
  destination: string,
  { command = 0x21, protocol, behind = Buffer.alloc(0) }: Version2Options = {},
): Buffer {
  const addresses: Uint8Array[] = [];
  if (source !== undefined) {
    const ports = Buffer.alloc(4);
    ports.writeUInt16BE(source.port);
    ports.writeUInt16BE(25, 2);
    addresses.push(bytesOf(source.address), bytesOf(destination), ports);
  }
  const family = source === undefined ? AF.unspecified : isIPv4(source.address) ? AF.ipv4 : AF.ipv6;
  const rest = Buffer.concat([...addresses, behind]);
  const fixed = Buffer.from("0d0a0d0a000d0a515549540a00000000", "hex");
  fixed.writeUInt8(command, 12);
  fixed.writeUInt8(protocol ?? family | (source === undefined ? 0 : 1), 13);
  fixed.writeUInt16BE(rest.length, 14);
  return Buffer.concat([fixed, rest]);
}
