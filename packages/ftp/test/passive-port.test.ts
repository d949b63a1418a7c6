// The ports that replies to EPSV and PASV name, and what hostile servers write instead.
import { ProtocolError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { parseEpsvPort, parsePasvPort } from "../src/passive-reply.ts";

describe("a 229 reply", () => {
  test.each([
    ["Entering Extended Passive Mode (|||6446|)", 6446],
    ["(|||1|)", 1],
    ["(|||65535|)", 65_535],
    ["(|||00080|)", 80],
    ["(!!!6446!)", 6446],
    ["($$$6446$)", 6446],
    ["(///6446/)", 6446],
    ["(~~~6446~) behind", 6446],
    ["ok (|||6446|).", 6446],
  ])("%j names port %d", (text, port) => {
    expect(parseEpsvPort(text)).toBe(port);
  });

  test.each([
    [""],
    ["Entering Extended Passive Mode"],
    ["(|||6446|"],
    ["|||6446|"],
    [")|||6446|("],
    ["()"],
    ["(||||)"],
    ["(|||0|)"],
    ["(|||65536|)"],
    ["(|||99999|)"],
    ["(|||123456|)"],
    ["(|||-1|)"],
    ["(|||+80|)"],
    ["(||| 80|)"],
    ["(|||8e3|)"],
    ["(|||0x50|)"],
    ["(|||6446)"],
    ["(||6446|)"],
    ["(||||6446|)"],
    ["(|||6446||)"],
    ["(||!6446|)"],
    ["(|1|127.0.0.1|6446|)"],
    ["(|2|::1|6446|)"],
    ["(|||６４|)"],
  ])("%j names none", (text) => {
    expect(() => parseEpsvPort(text)).toThrow(ProtocolError);
  });
});

describe("a 227 reply", () => {
  test.each([
    ["Entering Passive Mode (127,0,0,1,4,210)", 1234],
    ["Entering Passive Mode 127,0,0,1,4,210", 1234],
    ["=127,0,0,1,4,210", 1234],
    ["(127,0,0,1,0,1)", 1],
    ["(127,0,0,1,255,255)", 65_535],
    ["(10,0,0,1,004,210).", 1234],
    ["h1,h2,h3,h4,p1,p2 (127,0,0,1,4,210)", 1234],
    ["in 3,2,1: (127,0,0,1,4,210)", 1234],
  ])("%j names port %d", (text, port) => {
    expect(parsePasvPort(text)).toBe(port);
  });

  test.each([
    [""],
    ["Entering Passive Mode"],
    ["(127,0,0,1,4)"],
    ["(127,0,0,1)"],
    ["(127,0,0,1,0,0)"],
    ["(127,0,0,1,256,1)"],
    ["(127,0,0,1,1,256)"],
    ["(127,0,0,1,-1,80)"],
    ["(127,0,0,1,1,-80)"],
    ["(127,0,0,1,1,1000)"],
    ["(0127,0,0,1,1,1)"],
    ["(127.0.0.1.4.210)"],
    ["(127, 0, 0, 1, 4, 210)"],
    ["(::1,4,210)"],
    ["(|||6446|)"],
    ["(127,0,0,1,４,210)"],
  ])("%j names none", (text) => {
    expect(() => parsePasvPort(text)).toThrow(ProtocolError);
  });
});

test.each([
  ["opening brackets", "("],
  ["closing brackets", ")"],
  ["brackets", "()"],
  ["bars", "(|"],
  ["bars behind a bracket", "|"],
  ["digits", "1"],
  ["zeros", "0,"],
  ["numbers that are too large", "256,"],
  ["five numbers", "1,1,1,1,1,x"],
  ["commas", ","],
])("a megabyte of %s is refused in linear time, and not repeated", (_what, piece) => {
  const text = `(${piece.repeat(Math.ceil(1_000_000 / piece.length))}`;
  const begin = performance.now();
  expect(() => parseEpsvPort(`${text})`)).toThrow(ProtocolError);
  expect(() => parseEpsvPort(text)).toThrow(/^.{1,200}$/);
  expect(() => parsePasvPort(text)).toThrow(ProtocolError);
  expect(() => parsePasvPort(text)).toThrow(/^.{1,200}$/);
  expect(performance.now() - begin).toBeLessThan(500);
});
