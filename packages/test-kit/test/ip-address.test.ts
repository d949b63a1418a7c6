// Address literals to octets and back (RFC 4291, 2.2).
import { describe, expect, test } from "vitest";
import { addressOctets, addressText, isLoopback, urlHost } from "../src/ip-address.ts";

describe("an IP address", () => {
  test.each([
    ["127.0.0.1", "7f000001", "127.0.0.1"],
    ["::1", "00000000000000000000000000000001", "::1"],
    ["::", "00000000000000000000000000000000", "::"],
    ["2001:DB8::", "20010db8000000000000000000000000", "2001:db8::"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008", "1:2:3:4:5:6:7:8"],
    ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201", "::ffff:c000:201"],
  ])("%s becomes octets and text again", (text, octets, again) => {
    expect(addressOctets(text).toString("hex")).toBe(octets);
    expect(addressText(addressOctets(text))).toBe(again);
  });

  test("is loopback in every spelling, and only then", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1"].filter(isLoopback)).toHaveLength(4);
    expect(["10.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1", "localhost", ""].filter(isLoopback)).toEqual([]);
  });

  test("stands in brackets in a URL when it is IPv6", () => {
    expect(urlHost("::1")).toBe("[::1]");
    expect(urlHost("127.0.0.1")).toBe("127.0.0.1");
  });
});
