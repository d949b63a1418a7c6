// The DER encoder against encodings written out by hand (ITU-T X.690, 8 and 11).
import { describe, expect, test } from "vitest";
import { bitString, namedBit, objectIdentifier, octetString, sequence, time, unsigned } from "../src/der.ts";

describe("the DER encoder", () => {
  test("switches to the long form of a length at 128", () => {
    expect(octetString(Buffer.alloc(127)).subarray(0, 2).toString("hex")).toBe("047f");
    expect(octetString(Buffer.alloc(128)).subarray(0, 3).toString("hex")).toBe("048180");
    expect(octetString(Buffer.alloc(256)).subarray(0, 4).toString("hex")).toBe("04820100");
  });

  test.each([
    ["00", "020100"],
    ["7f", "02017f"],
    ["80", "02020080"],
    ["0001", "020101"],
    ["0080", "02020080"],
  ])("writes the number %s positive and as short as it can be", (octets, der) => {
    expect(unsigned(Buffer.from(octets, "hex")).toString("hex")).toBe(der);
  });

  test.each([
    ["2.5.29.17", "0603551d11"],
    ["1.2.840.10045.4.3.2", "06082a8648ce3d040302"],
    ["1.3.6.1.5.5.7.3.1", "06082b06010505070301"],
  ])("writes the object identifier %s in base 128", (dotted, der) => {
    expect(objectIdentifier(dotted).toString("hex")).toBe(der);
  });

  test("drops the zero bits behind the only bit of a named bit list", () => {
    expect(namedBit(0).toString("hex")).toBe("03020780");
    expect(namedBit(5).toString("hex")).toBe("03020204");
    expect(namedBit(8).toString("hex")).toBe("0303070080");
  });

  test("counts the unused bits of a bit string", () => {
    expect(bitString(Buffer.from([0xff])).toString("hex")).toBe("030200ff");
  });

  test("nests what a sequence is made of", () => {
    expect(sequence(sequence(), unsigned(Buffer.from([5]))).toString("hex")).toBe("30053000020105");
  });

  test.each([
    ["1949-12-31T23:59:59Z", 0x18, "19491231235959Z"],
    ["1950-01-01T00:00:00Z", 0x17, "500101000000Z"],
    ["1999-12-31T23:59:59Z", 0x17, "991231235959Z"],
    ["2049-12-31T23:59:59.999Z", 0x17, "491231235959Z"],
    ["2050-01-01T00:00:00Z", 0x18, "20500101000000Z"],
    ["9999-12-31T23:59:59Z", 0x18, "99991231235959Z"],
  ])("writes %s with the tag %i", (date, tag, text) => {
    const der = time(new Date(date));
    expect(der[0]).toBe(tag);
    expect(der.subarray(2).toString("latin1")).toBe(text);
  });

  test("refuses a date that is none, or that has no four-digit year", () => {
    expect(() => time(new Date(Number.NaN))).toThrow(RangeError);
    expect(() => time(new Date("+010000-01-01T00:00:00Z"))).toThrow(RangeError);
  });
});
