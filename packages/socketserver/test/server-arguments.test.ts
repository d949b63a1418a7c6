// Options that make no sense are refused before the server listens.
import { afterEach, describe, expect, test } from "vitest";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf, selfSigned } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type ServeOptions, type ServerTimeouts } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

const names: (keyof ServerTimeouts)[] = ["handshake", "idle", "handler", "total", "close"];

describe("timeouts", () => {
  test("may all be without limit", async () => {
    const timeouts = Object.fromEntries(names.map((name) => [name, Infinity]));
    await using server = await serve(echo, { tls: selfSigned(), timeouts });
    await using client = await dial(server, { tls: { insecure: true } });
    expect(await ask(client, "hello")).toBe("hello");
  });

  test.each(names.flatMap((name) => [0, -1, NaN, "10"].map((value) => [name, value] as const)))(
    "can't be %s: %s",
    async (name, value) => {
      const timeouts = { [name]: value } as Partial<ServerTimeouts>;
      expect(await failureOf(serve(echo, { timeouts }))).toBeInstanceOf(ArgumentError);
    },
  );
});

test.each<[string, object]>([
  ["a timeout that there is not", { timeouts: { stall: 5 } }],
  ["a limit that there is not", { limits: { bytes: 5 } }],
  ["lines of no bytes", { limits: { lineBytes: 0 } }],
  ["no connections at all", { maxConnections: 0 }],
  ["half a connection", { maxPerAddress: 0.5 }],
  ["no such way", { overflow: "drop" }],
])("a server can't have %s", async (_what, options: ServeOptions) => {
  expect(await failureOf(serve(echo, options))).toBeInstanceOf(ArgumentError);
});
