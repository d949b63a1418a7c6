// The addresses of mail servers: of which family, from where, and never our own.
import type { LookupAddress, LookupOptions } from "node:dns";
import { describe, expect, test } from "vitest";
import { connect, ConnectError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { MailResolver } from "../src/mx.ts";
import { addressLookup } from "../src/mx-address.ts";
import { serverFailure, zone, type ZoneName } from "./zone.ts";

const name = "mx.example";
const both = { a: ["192.0.2.1", "192.0.2.2"], aaaa: ["2001:db8::1"] };

function lookUp(
  resolver: MailResolver,
  options: LookupOptions = { all: true },
): Promise<string | LookupAddress[]> {
  return new Promise((resolve, reject) => {
    addressLookup(resolver)(name, options, (error, address) => {
      if (error) reject(error);
      else resolve(address);
    });
  });
}

describe("a mail server's addresses", () => {
  test("are all that the DNS has, IPv4 in front", async () => {
    expect(await lookUp(zone({ [name]: both }))).toEqual([
      { address: "192.0.2.1", family: 4 },
      { address: "192.0.2.2", family: 4 },
      { address: "2001:db8::1", family: 6 },
    ]);
  });

  test.each<[LookupOptions, unknown]>([
    [{ family: 4 }, "192.0.2.1"],
    [{ family: "IPv4", all: true }, [expect.anything(), expect.anything()]],
    [{ family: 6 }, "2001:db8::1"],
    [{ family: "IPv6", all: true }, [{ address: "2001:db8::1", family: 6 }]],
    [{ family: 0 }, "192.0.2.1"],
    [{}, "192.0.2.1"],
  ])("are those asked for: %j", async (options, expected) => {
    expect(await lookUp(zone({ [name]: both }), options)).toEqual(expected);
  });

  test("of one family will do where the other can't be looked up", async () => {
    expect(await lookUp({ ...zone({ [name]: both }), resolve4: serverFailure })).toEqual([
      { address: "2001:db8::1", family: 6 },
    ]);
    const only = { a: ["192.0.2.1"] };
    expect(await failureOf(lookUp({ ...zone({ [name]: {} }), resolve4: serverFailure }))).toMatchObject({
      code: "ESERVFAIL",
    });
    expect(await lookUp({ ...zone({ [name]: only }), resolve6: serverFailure }, {})).toBe("192.0.2.1");
  });

  test.each<ZoneName>([{}, { a: [], txt: ["x"] }])("may not be there: %j", async (records) => {
    expect(await failureOf(lookUp(zone({ [name]: records })))).toMatchObject({ code: "ENOTFOUND" });
  });

  test.each<ZoneName>([
    { a: ["127.0.0.1"] },
    { a: ["127.9.9.9", "0.0.0.0"] },
    { aaaa: ["::1", "::"] },
    { aaaa: ["::ffff:127.0.0.1", "::ffff:7f00:2"] },
    { a: ["127.0.0.1"], aaaa: ["::1"] },
  ])("are not this machine: %j", async (records) => {
    const error = await failureOf(lookUp(zone({ [name]: records })));
    expect(error).toMatchObject({ message: "the DNS says that mx.example is this machine" });
  });

  test("that are this machine's are left out beside others", async () => {
    const records = { a: ["127.0.0.1", "192.0.2.1"], aaaa: ["::1"] };
    expect(await lookUp(zone({ [name]: records }))).toEqual([{ address: "192.0.2.1", family: 4 }]);
  });
});

test("a connection asks no file of hosts, in which localhost is this machine", async () => {
  const resolver = zone({ localhost: { a: ["127.0.0.1"] } });
  const lookup = addressLookup(resolver);
  const error = await failureOf(connect({ host: "localhost", port: 25, lookup }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({
    message: "cannot connect to localhost:25: the DNS says that localhost is this machine",
  });
  expect(resolver.asked).toEqual(["A localhost", "AAAA localhost"]);
  const other = await failureOf(connect({ host: "localhost", port: 25, lookup: addressLookup(zone({})) }));
  expect(other).toMatchObject({ systemCode: "ENOTFOUND" });
});
