// Base64 to the letter.
import { randomBytes, randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "../src/index.ts";

it("gives back any bytes, and of a view only what it shows", () => {
  for (let round = 0; round < 200; round += 1) {
    const bytes = new Uint8Array(randomBytes(randomInt(0, 100)));
    const view = bytes.subarray(bytes.length >> 2);
    expect(new Uint8Array(decodeBase64(encodeBase64(view)) ?? [])).toEqual(view);
  }
  expect(encodeBase64(new Uint8Array())).toBe("");
  expect(decodeBase64("")).toHaveLength(0);
});

it.each([
  "=",
  "A",
  "AA",
  "AAA",
  "AA=",
  "AAA",
  "AAAA=",
  "AB==",
  "AAB=",
  "AA==AA==",
  "A A=",
  "AA==\n",
  "-_-_",
  "VXNlcm5hbWU6 ",
])("does not take %j for base64", (text) => {
  expect(decodeBase64(text)).toBeUndefined();
});
