// The error classes: their names and codes, and `instanceof` across copies of the package and for subclasses.
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, test, vi } from "vitest";
import * as errors from "../src/errors.ts";

const reply = { lines: ["550 no such file"], text: "no such file" };
const details = { reply, command: "RETR a", isTemporary: false, isPermanent: true };

function oneOfEach({
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  LimitError,
  NotSupportedError,
  ProtocolError,
  ReplyError,
  TimeoutError,
  TlsError,
}: typeof errors) {
  return [
    ["ConnectError", "ERR_NETCLI_CONNECT", new ConnectError("message", { systemCode: "ECONNREFUSED" })],
    ["TlsError", "ERR_NETCLI_TLS", new TlsError("message")],
    ["TimeoutError", "ERR_NETCLI_TIMEOUT", new TimeoutError("message", "reply", 60_000)],
    [
      "ConnectionClosedError",
      "ERR_NETCLI_CLOSED",
      new ConnectionClosedError("message", { lastReply: reply }),
    ],
    ["ProtocolError", "ERR_NETCLI_PROTOCOL", new ProtocolError("message")],
    ["LimitError", "ERR_NETCLI_LIMIT", new LimitError("message", "lineBytes")],
    ["ReplyError", "ERR_NETCLI_REPLY", new ReplyError("message", details)],
    ["ArgumentError", "ERR_NETCLI_ARGUMENT", new ArgumentError("message")],
    ["NotSupportedError", "ERR_NETCLI_NOT_SUPPORTED", new NotSupportedError("message")],
  ] as const;
}

type Name = ReturnType<typeof oneOfEach>[number][0];

const names = oneOfEach(errors).map(([name]) => name);

/** The classes that an error is an instance of, in one copy of the package. */
function classesOf(error: unknown, copy: typeof errors): string[] {
  return [...names, "NetcliError" as const].filter((name) => error instanceof copy[name]);
}

describe.each(oneOfEach(errors))("%s", (name, code, error) => {
  test("has its name, its code and its message", () => {
    expect(error).toMatchObject({ name, code, message: "message" });
    expect(String(error)).toBe(`${name}: message`);
    expect(error.stack).toContain("errors.test.ts");
    expect(inspect(error)).toMatch(new RegExp(`^${name}: message`));
  });

  test("is an Error, a NetcliError and of its own class, and of no other", () => {
    expect(Error.prototype.isPrototypeOf(error)).toBe(true);
    expect(classesOf(error, errors)).toEqual([name, "NetcliError"]);
  });

  test("has no property that was not set", () => {
    expect(Object.hasOwn(error, "bytesTransferred")).toBe(false);
    expect(Object.hasOwn(error, "cause")).toBe(false);
    expect(Object.keys(error)).not.toContain("name");
  });
});

test("an error tells the bytes that were transferred once they are set", () => {
  const error = new errors.ConnectionClosedError("message");
  expect(error.bytesTransferred).toBeUndefined();
  error.bytesTransferred = 7;
  expect(Object.keys(error)).toContain("bytesTransferred");
});

test("an error keeps its cause and may have a code of its own", () => {
  const cause = new Error("read ECONNRESET");
  const error = new errors.TlsError("refused", { cause, code: "ERR_NETCLI_CERTIFICATE" });
  expect(error.cause).toBe(cause);
  expect(error.code).toBe("ERR_NETCLI_CERTIFICATE");
  const without = new errors.ConnectionClosedError("gone", { cause: undefined });
  expect(inspect(without)).not.toContain("cause");
});

test("what an error was given stands on it", () => {
  const [connect, , timeout, closed, , limit, refused] = oneOfEach(errors).map(([, , error]) => error);
  expect(connect).toMatchObject({ systemCode: "ECONNREFUSED" });
  expect(timeout).toMatchObject({ phase: "reply", milliseconds: 60_000 });
  expect(closed).toMatchObject({ lastReply: reply });
  expect(limit).toMatchObject({ limit: "lineBytes" });
  expect(refused).toMatchObject(details);
});

describe("of two copies of the package", () => {
  let copy: typeof errors;

  beforeAll(async () => {
    vi.resetModules();
    copy = await import("../src/errors.ts");
  });

  test("each is a copy of its own", () => {
    expect(copy.NetcliError).not.toBe(errors.NetcliError);
  });

  test.each<Name>([...names])("each knows the other's %s, and for nothing else", (name) => {
    const [, , theirs] = oneOfEach(copy).find(([its]) => its === name) ?? [];
    const [, , ours] = oneOfEach(errors).find(([its]) => its === name) ?? [];
    expect(classesOf(theirs, errors)).toEqual([name, "NetcliError"]);
    expect(classesOf(ours, copy)).toEqual([name, "NetcliError"]);
  });

  test("each knows what a user derived from the other's", () => {
    class Busy extends copy.ReplyError {}
    expect(classesOf(new Busy("busy", details), errors)).toEqual(["ReplyError", "NetcliError"]);
  });
});

describe("a class that a user derives", () => {
  class Mine extends errors.ReplyError {
    readonly mailbox = "inbox";
  }
  class Named extends errors.ProtocolError {
    static override readonly kind: string = "Named";
  }
  class Below extends Named {}

  test("is an instance of itself and of what it was derived from", () => {
    const mine = new Mine("message", details);
    expect(mine).toBeInstanceOf(Mine);
    expect(classesOf(mine, errors)).toEqual(["ReplyError", "NetcliError"]);
    expect(mine).toMatchObject({ mailbox: "inbox", code: "ERR_NETCLI_REPLY", name: "ReplyError" });
  });

  test("does not take its parent's instances, nor its siblings', for its own", () => {
    expect(new errors.ReplyError("message", details)).not.toBeInstanceOf(Mine);
    expect(new Named("message")).not.toBeInstanceOf(Mine);
    expect(new Named("message")).not.toBeInstanceOf(Below);
  });

  test("may name itself, and so be known across copies", () => {
    const below = new Below("message");
    expect(below.name).toBe("Named");
    expect([below instanceof Below, below instanceof Named, below instanceof errors.ProtocolError]).toEqual([
      true,
      true,
      true,
    ]);
    expect(new errors.ProtocolError("message")).not.toBeInstanceOf(Named);
  });
});

test.each<[string, unknown]>([
  ["undefined", undefined],
  ["null", null],
  ["a string", "NetcliError"],
  ["an object of that name", { name: "NetcliError", code: "ERR_NETCLI_REPLY" }],
  ["another error", new TypeError("message")],
  ["an error of another realm", runInNewContext("new Error('message')")],
])("%s is no NetcliError", (_, value) => {
  expect(classesOf(value, errors)).toEqual([]);
});
