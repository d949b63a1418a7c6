// PROXY headers, versions 1 and 2, in any pieces: what is one, what is none, and what is not one yet.
import { SocketAddress } from "node:net";
import { describe, expect, test } from "vitest";
import { type PeerAddress, ProtocolError } from "@netcli/core-transport";
import { parseProxyHeader, type ProxyHeader } from "../src/proxy-protocol.ts";
import { randomIpv6, randomNumbers } from "./random.ts";
import { AF, version1, version2 } from "./proxy-headers.ts";

const v4: PeerAddress = { address: "192.0.2.7", port: 4711 };
const v6: PeerAddress = { address: "2001:db8::7", port: 65_535 };
const ours = "198.51.100.1";
const ours6 = "2001:db8::1";

/** A header, one of no bytes where it is not complete, or what was thrown. */
function outcomeOf(bytes: Buffer): ProxyHeader | Error {
  try {
    return parseProxyHeader(bytes) ?? { bytes: 0, source: undefined };
  } catch (error) {
    return error as Error;
  }
}

function isAnswer(error: unknown): boolean {
  return error === undefined || error instanceof ProtocolError;
}

/** What it is read as: no beginning of it is one yet, and the whole is the same whatever follows. */
function read(header: Buffer): ProxyHeader | undefined {
  for (let length = 0; length < header.length; length += 1) {
    expect(parseProxyHeader(header.subarray(0, length))).toBeUndefined();
  }
  const alone = parseProxyHeader(header);
  for (const behind of ["E", "EHLO there\r\n", "\r\n", "PROXY UNKNOWN\r\n", "\0".repeat(5_000)]) {
    expect(parseProxyHeader(Buffer.concat([header, Buffer.from(behind)]))).toEqual(alone);
  }
  return alone;
}

describe("a header of version 1", () => {
  test.each<[string, PeerAddress | undefined]>([
    ["PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n", v4],
    [
      "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
      { address: "255.255.255.255", port: 65_535 },
    ],
    ["PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", { address: "0.0.0.0", port: 0 }],
    ["PROXY TCP6 2001:db8::7 2001:db8::1 65535 25\r\n", v6],
    ["PROXY TCP6 ::1 ::1 1 1\r\n", { address: "::1", port: 1 }],
    // However it is written: addresses are compared.
    ["PROXY TCP6 2001:0DB8:0:0:0:0:0:7 ::1 65535 25\r\n", v6],
    ["PROXY TCP6 ::ffff:c000:0207 ::1 4711 25\r\n", { address: "::ffff:192.0.2.7", port: 4711 }],
    ["PROXY UNKNOWN\r\n", undefined],
    ["PROXY UNKNOWN 192.0.2.7 198.51.100.1 4711 25\r\n", undefined],
    // What stands there is to be ignored.
    ["PROXY UNKNOWN whatever that may be\r\n", undefined],
  ])("is %j", (line, source) => {
    expect(read(Buffer.from(line))).toEqual({ bytes: line.length, source });
  });

  test("has 107 bytes at most", () => {
    const longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    const header = Buffer.from(`PROXY UNKNOWN ${longest} ${longest} 65535 65535\r\n`);
    expect(header.length).toBe(107);
    expect(read(header)).toEqual({ bytes: 107, source: undefined });
    const tooLong = Buffer.from(`PROXY UNKNOWN ${longest} ${longest} 65535 65535 \r\n`);
    expect(parseProxyHeader(tooLong.subarray(0, 106))).toBeUndefined();
    expect(() => parseProxyHeader(tooLong.subarray(0, 107))).toThrow(ProtocolError);
    expect(() => parseProxyHeader(tooLong)).toThrow(ProtocolError);
  });

  test.each([
    "PROXY\r\n",
    "PROXY \r\n",
    "proxy TCP4 192.0.2.7 198.51.100.1 4711 25\r\n",
    "PROXY  TCP4 192.0.2.7 198.51.100.1 4711 25\r\n",
    "PROXY TCP4  192.0.2.7 198.51.100.1 4711 25\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 25 \r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 25 more\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1\r\n",
    "PROXY TCP4\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\0\r\n",
    "PROXY TCP4\t192.0.2.7 198.51.100.1 4711 25\r\n",
    "PROXY TCP4 192.0.2.256 198.51.100.1 4711 25\r\n",
    "PROXY TCP4 192.0.2 198.51.100.1 4711 25\r\n",
    "PROXY TCP4 192.0.2.07 198.51.100.1 4711 25\r\n",
    "PROXY TCP4 2001:db8::7 2001:db8::1 4711 25\r\n",
    "PROXY TCP4 client.example 198.51.100.1 4711 25\r\n",
    "PROXY TCP4 192.0.2.7 nowhere 4711 25\r\n",
    "PROXY TCP6 192.0.2.7 198.51.100.1 4711 25\r\n",
    "PROXY TCP6 2001:db8:::7 2001:db8::1 4711 25\r\n",
    "PROXY TCP6 [2001:db8::7] 2001:db8::1 4711 25\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 65536\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 -1 25\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 04711 25\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4711 025\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 0x10 25\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 4e3 25\r\n",
    "PROXY TCP4 192.0.2.7 198.51.100.1 +1 25\r\n",
    "PROXY UDP4 192.0.2.7 198.51.100.1 4711 25\r\n",
    "PROXY UNKNOWNS 192.0.2.7 198.51.100.1 4711 25\r\n",
    "PROXY unknown\r\n",
    " PROXY UNKNOWN\r\n",
    "EHLO there\r\n",
    "\x16\x03\x01\x02\x00\x01",
    "\r\nPROXY UNKNOWN\r\n",
    // A line feed alone ends none.
    `PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\n${"x".repeat(100)}`,
    `PROXY ${"x".repeat(200)}`,
  ])("is not %j", (text) => {
    expect(() => parseProxyHeader(Buffer.from(text, "latin1"))).toThrow(ProtocolError);
  });

  test("that is none is told in one line, whatever it holds", () => {
    const bytes = Buffer.from("PROXY \x1b[2J\n\x9b\r\n", "latin1");
    expect(() => parseProxyHeader(bytes)).toThrow(/^[^\p{Cc}]*$/u);
  });
});

describe("a header of version 2", () => {
  const tlvs = Buffer.from("02000b6d61696c2e6578616d706c65", "hex");

  test.each<[string, Buffer, PeerAddress | undefined]>([
    ["of TCP over IPv4", version2(v4, ours), v4],
    ["of TCP over IPv6", version2(v6, ours6), v6],
    ["of UDP over IPv4", version2(v4, ours, { protocol: 0x12 }), v4],
    ["of UDP over IPv6", version2(v6, ours6, { protocol: 0x22 }), v6],
    ["with more behind the addresses", version2(v4, ours, { behind: tlvs }), v4],
    ["with 4,096 bytes", version2(v6, ours6, { behind: Buffer.alloc(4_096 - 52) }), v6],
    [
      "of an IPv4 address among those of IPv6",
      version2({ address: "::ffff:192.0.2.7", port: 9 }, ours6),
      {
        address: "::ffff:192.0.2.7",
        port: 9,
      },
    ],
    ["of a Unix socket", version2(undefined, "", { protocol: 0x31, behind: Buffer.alloc(216) }), undefined],
    ["of something unknown", version2(undefined, "", { protocol: AF.unspecified }), undefined],
    ["of something unknown, with data", version2(undefined, "", { protocol: 0, behind: tlvs }), undefined],
    ["of the proxy itself", version2(undefined, "", { command: 0x20 }), undefined],
    ["of the proxy itself, with addresses", version2(v4, ours, { command: 0x20 }), undefined],
    [
      "of the proxy itself, with a family that is none",
      version2(v4, ours, { command: 0x20, protocol: 0xff }),
      undefined,
    ],
  ])("may be one %s", (_what, header, source) => {
    expect(read(header)).toEqual({ bytes: header.length, source });
  });

  test.each<[string, Buffer]>([
    ["of version 1", version2(v4, ours, { command: 0x11 })],
    ["of version 3", version2(v4, ours, { command: 0x31 })],
    ["with a command that is none", version2(v4, ours, { command: 0x22 })],
    ["of a family that is none", version2(v4, ours, { protocol: 0x41 })],
    ["of a transport that is none", version2(v4, ours, { protocol: 0x13 })],
    ["too short for IPv4", version2(undefined, "", { protocol: 0x11, behind: Buffer.alloc(11) })],
    ["too short for IPv6", version2(undefined, "", { protocol: 0x21, behind: Buffer.alloc(35) })],
    ["without the addresses that it promises", version2(undefined, "", { protocol: 0x11 })],
    ["that begins like one", Buffer.from("\r\n\r\n\0\r\nQUIX\n!!!!", "latin1")],
  ])("is none %s", (_what, header) => {
    expect(() => parseProxyHeader(header)).toThrow(ProtocolError);
  });

  test("that claims to be longer than any is refused before it is there", () => {
    const header = version2(v4, ours, { behind: Buffer.alloc(4_096 - 27) });
    expect(header.length).toBe(4_097);
    expect(() => parseProxyHeader(header.subarray(0, 16))).toThrow(ProtocolError);
  });
});

describe("any header", () => {
  const random = randomNumbers(3);
  const port = (): number => random(65_536);
  const sources = Array.from({ length: 300 }, (_, index): PeerAddress => {
    const address =
      index % 2 === 0
        ? Array.from({ length: 4 }, () => random(256)).join(".")
        : new SocketAddress({ address: randomIpv6(random), family: "ipv6" }).address;
    return { address, port: port() };
  });

  test("is read as it was written, in both versions, cut anywhere", () => {
    for (const source of sources) {
      const destination = source.address.includes(":") ? ours6 : ours;
      const behind = Buffer.alloc(random(40), random(256));
      for (const header of [version1(source, destination), version2(source, destination, { behind })]) {
        expect(read(header)).toEqual({ bytes: header.length, source });
      }
    }
  });

  test("that was damaged is another one, or not complete, or none", () => {
    const headers = sources.flatMap((source) => {
      const destination = source.address.includes(":") ? ours6 : ours;
      return [version1(source, destination), version2(source, destination)];
    });
    for (const header of headers) {
      for (let count = 0; count < 40; count += 1) {
        const damaged = Buffer.from(header);
        damaged[random(damaged.length)] = random(256);
        const cut = damaged.subarray(0, random(4) === 0 ? random(damaged.length + 1) : damaged.length);
        const outcome = outcomeOf(cut);
        expect(outcome instanceof Error ? outcome : undefined).toSatisfy(isAnswer);
        expect(outcome instanceof Error ? 0 : outcome.bytes).toBeLessThanOrEqual(cut.length);
      }
    }
  });
});
