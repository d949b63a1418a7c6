// Who is served, who waits, who is sent away: the counting itself, and which addresses are one client.
import { SocketAddress } from "node:net";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "@netcli/core-transport";
import { Admission, type AdmissionOptions } from "../src/admission.ts";
import { randomIpv6, randomNumbers } from "./random.ts";

/** Whether the two count as one client. */
function areOne(first: string, second: string): boolean {
  const admission = new Admission({ maxPerAddress: 1 });
  expect(admission.enter(first)).toBe(true);
  return !admission.enter(second);
}

describe("the limits", () => {
  test("are none for connections, and 1,024 for those who wait, by default", () => {
    const { maxConnections, maxPerAddress, maxQueued } = new Admission({});
    expect({ maxConnections, maxPerAddress, maxQueued }).toEqual({
      maxConnections: Infinity,
      maxPerAddress: Infinity,
      maxQueued: 1_024,
    });
  });

  test("let nobody wait where who is too many is refused", () => {
    expect(new Admission({ overflow: "refuse", maxQueued: 5 }).maxQueued).toBe(0);
    expect(new Admission({ overflow: "queue", maxQueued: 5 }).maxQueued).toBe(5);
    expect(new Admission({ maxQueued: Infinity }).maxQueued).toBe(Infinity);
  });

  const names = ["maxConnections", "maxPerAddress", "maxQueued"] as const;
  const wrong = [0, -1, 1.5, NaN, -Infinity];
  test.each(names.flatMap((name) => wrong.map((value) => [name, value] as const)))(
    "can't be %s: %d",
    (name, value) => {
      expect(() => new Admission({ [name]: value })).toThrow(ArgumentError);
      expect(() => new Admission({ [name]: value })).toThrow(name);
    },
  );

  test("know of two ways to deal with who is too many", () => {
    const options = { overflow: "drop" } as unknown as AdmissionOptions;
    expect(() => new Admission(options)).toThrow(ArgumentError);
  });
});

describe("connections of one address", () => {
  test("are let in up to the limit, and again when one has left", () => {
    const admission = new Admission({ maxPerAddress: 2 });
    const enter = (): boolean => admission.enter("192.0.2.1");
    expect([enter(), enter(), enter(), enter()]).toEqual([true, true, false, false]);
    expect(admission.enter("192.0.2.2")).toBe(true);
    admission.leave("192.0.2.1");
    expect([enter(), enter()]).toEqual([true, false]);
    admission.leave("192.0.2.1");
    admission.leave("192.0.2.1");
    expect([enter(), enter(), enter()]).toEqual([true, true, false]);
  });

  test("are not counted where there is no limit", () => {
    const admission = new Admission({});
    for (let count = 0; count < 10_000; count += 1) expect(admission.enter("192.0.2.1")).toBe(true);
    admission.leave("192.0.2.1");
  });

  test("are never more than the limit, whoever comes and goes", () => {
    const random = randomNumbers(1);
    const admission = new Admission({ maxPerAddress: 3 });
    const counts = new Map<string, number>();
    for (let step = 0; step < 20_000; step += 1) {
      const address = `192.0.2.${random(5)}`;
      const count = counts.get(address) ?? 0;
      const leaves = random(2) === 0 && count > 0;
      if (leaves) admission.leave(address);
      expect(leaves || admission.enter(address)).toBe(leaves || count < 3);
      counts.set(address, leaves ? count - 1 : Math.min(count + 1, 3));
    }
  });
});

describe("one client is", () => {
  test.each([
    ["an IPv4 address", "192.0.2.1", "192.0.2.1"],
    ["an IPv4 address as a socket of both families says it", "192.0.2.1", "::ffff:192.0.2.1"],
    ["an IPv6 network of 64 bits", "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"],
    ["that network however it is written", "2001:db8:0:0:1:2:3:4", "2001:db8::"],
    ["that network with zeros in front of its numbers", "2001:0db8:0001::", "2001:db8:1::1"],
    ["that network with zeros at its end", "2001:db8:1::", "2001:db8:1:0:8000::"],
    ["that network with zeros at its start", "::1:2:3:4:5", "0:0:0:1:9::"],
    ["this machine", "::1", "::1"],
    ["a link, whatever its name", "fe80::1%eth0", "fe80::2%eth0"],
  ])("%s: %s and %s", (_what, first, second) => {
    expect(areOne(first, second)).toBe(true);
    expect(areOne(second, first)).toBe(true);
  });

  test.each([
    ["the neighbour", "192.0.2.1", "192.0.2.2"],
    ["the neighbour as a socket of both families says it", "::ffff:192.0.2.1", "::ffff:192.0.2.2"],
    ["the next network", "2001:db8::1", "2001:db8:0:1::1"],
    ["a network that looks alike", "2001:db8:1::", "2001:db8:0:1::"],
    ["a number", "::102:304", "1.2.3.4"],
  ])("not %s: %s and %s", (_what, first, second) => {
    expect(areOne(first, second)).toBe(false);
    expect(areOne(second, first)).toBe(false);
  });

  test("exactly those whose first 64 bits are the same", () => {
    const random = randomNumbers(2);
    for (let count = 0; count < 2_000; count += 1) {
      const one = randomIpv6(random);
      const other = randomIpv6(random);
      const network = one.split(":").slice(0, 4).join(":");
      const neighbour = `${network}:${other.split(":").slice(4).join(":")}`;
      const short = new SocketAddress({ address: one, family: "ipv6" }).address;
      // Those would be IPv4 addresses.
      if (short.includes(".")) continue;
      expect(areOne(one, short)).toBe(true);
      expect(areOne(short, new SocketAddress({ address: neighbour, family: "ipv6" }).address)).toBe(true);
      expect(areOne(short, other)).toBe(network === other.split(":").slice(0, 4).join(":"));
    }
  });
});
