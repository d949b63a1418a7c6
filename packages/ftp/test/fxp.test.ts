// Copies from server to server: they happen, they are refused where they must be, and they never hang.
import { ArgumentError, NotSupportedError, ProtocolError, TimeoutError } from "@netcli/core-transport";
import type { FtpServerOptions } from "@netcli/test-servers";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { ftpCopy, type FtpOptions, FtpSession } from "../src/index.ts";
import { identity, loggedIn, pattern, refuseUnhandled } from "./fixtures.ts";
import { onOwnServer, type OwnServerFixture } from "./own-server.ts";
import { ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

const content = pattern(300_000);
const allowed = { allowFxp: true };

interface Pair extends AsyncDisposable {
  readonly from: OwnServerFixture;
  readonly to: OwnServerFixture;
}

/** Two servers; the first one has the file "a". */
async function pair(
  source: FtpServerOptions = {},
  target: FtpServerOptions = {},
  options: Partial<FtpOptions> = {},
): Promise<Pair> {
  const from = await onOwnServer(source, options);
  const to = await onOwnServer(target, options);
  await from.put("a", content);
  return {
    from,
    to,
    async [Symbol.asyncDispose]() {
      await from[Symbol.asyncDispose]();
      await to[Symbol.asyncDispose]();
    },
  };
}

/** Both are in step. */
async function expectUsable({ from, to }: Pair): Promise<void> {
  expect(await from.session.pwd()).toBe("/");
  expect(await to.session.pwd()).toBe("/");
  expect((await from.session.nlst()).includes("a")).toBe(true);
  expect((await to.session.storBinary("STOR z", "z")).bytes).toBe(1);
}

const commandsOf = ({ since }: OwnServerFixture): (() => string) => {
  const commands = since();
  return () =>
    commands()
      .map((line) => line.split(" ")[0])
      .join(" ");
};

describe("a copy", () => {
  test("is made, and both sessions work", async () => {
    await using both = await pair();
    const { from, to } = both;
    const [asked, told] = [commandsOf(from), commandsOf(to)];
    const result = await ftpCopy(from.session, "a", to.session, "b", allowed);
    expect(result).toMatchObject({ sourceReply: { code: 226 }, targetReply: { code: 226 } });
    expect((await to.get("b")).equals(content)).toBe(true);
    expect(asked()).toBe("TYPE PASV RETR");
    expect(told()).toBe("TYPE PORT STOR");
    await expectUsable(both);
  });

  test("is made over IPv6", async () => {
    await using both = await pair({ host: "::1" }, { host: "::1" });
    const { from, to } = both;
    await ftpCopy(from.session, "a", to.session, "b", allowed);
    expect((await to.get("b")).equals(content)).toBe(true);
  });

  test("is made without compression where there is one, which is there again then", async () => {
    await using both = await pair({}, {}, { compress: true });
    const { from, to } = both;
    const [asked, told] = [commandsOf(from), commandsOf(to)];
    await from.session.nlst();
    await ftpCopy(from.session, "a", to.session, "b", allowed);
    expect((await to.get("b")).equals(content)).toBe(true);
    await expectUsable(both);
    expect(asked()).toBe("MODE EPSV NLST MODE TYPE PASV RETR PWD MODE TYPE EPSV NLST");
    expect(told()).toBe("TYPE PORT STOR PWD MODE EPSV STOR");
  });

  test("in each direction at once are made one after the other", async () => {
    await using both = await pair();
    const { from, to } = both;
    await to.put("x", pattern(1_000));
    await Promise.all([
      ftpCopy(from.session, "a", to.session, "b", allowed),
      ftpCopy(to.session, "x", from.session, "y", allowed),
      ftpCopy(from.session, "a", to.session, "c", allowed),
      ftpCopy(to.session, "x", from.session, "z", allowed),
    ]);
    expect((await to.get("c")).equals(content)).toBe(true);
    expect((await from.get("z")).equals(pattern(1_000))).toBe(true);
    await expectUsable(both);
  });
});

test("a copy is made where the target says nothing before it has seen the source", async () => {
  await using both = await pair(
    {},
    { onCommand: ({ verb }) => (verb === "STOR" ? { preliminary: null } : undefined) },
  );
  const { from, to } = both;
  await ftpCopy(from.session, "a", to.session, "b", allowed);
  expect((await to.get("b")).equals(content)).toBe(true);
});

describe("a protected copy", () => {
  const tls = { tls: identity };

  test.each([
    ["CPSV", {}, {}],
    ["SSCN of the target", { CPSV: false }, {}],
    ["SSCN of the source", { CPSV: false }, { SSCN: false }],
  ] as const)("is made with %s, and protected", async (_, source, target) => {
    await using both = await pair(
      { ...tls, features: source },
      { ...tls, features: target },
      { tls: "starttls" },
    );
    const { from, to } = both;
    await ftpCopy(from.session, "a", to.session, "b", allowed);
    expect((await to.get("b")).equals(content)).toBe(true);
    for (const { server } of [from, to]) {
      expect(server.sessions[0]?.transfers).toMatchObject([{ isSecure: true }]);
      expect(server.errors).toEqual([]);
    }
    await expectUsable(both);
  });

  test("is none where no server can be the client of TLS, or only one of both is protected", async () => {
    const neither = { ...tls, features: { CPSV: false, SSCN: false } };
    await using both = await pair(neither, neither, { tls: "starttls" });
    const { from, to } = both;
    const copying = ftpCopy(from.session, "a", to.session, "b", allowed);
    expect(await failureOf(copying)).toBeInstanceOf(NotSupportedError);
    await to.session.protC();
    const half = ftpCopy(from.session, "a", to.session, "b", allowed);
    expect(await failureOf(half)).toBeInstanceOf(NotSupportedError);
    expect(from.server.commands.join(" ")).not.toMatch(/PASV|RETR/);
    await to.session.protP();
    await expectUsable(both);
  });
});

describe("a copy is refused", () => {
  test.each([{}, { allowFxp: false }, { allowFxp: "yes" }])("with %j", async (options) => {
    await using both = await pair();
    const { from, to } = both;
    const copying = ftpCopy(from.session, "a", to.session, "b", options as { allowFxp: boolean });
    expect(await failureOf(copying)).toBeInstanceOf(ArgumentError);
    expect([...from.server.commands, ...to.server.commands].join(" ")).not.toMatch(/PASV|PORT|RETR|STOR/);
  });

  test("to itself, and with names that would break the line", async () => {
    await using both = await pair();
    const { from, to } = both;
    expect(await failureOf(ftpCopy(from.session, "a", from.session, "b", allowed))).toBeInstanceOf(
      ArgumentError,
    );
    expect(await failureOf(ftpCopy(from.session, "a\r\nDELE a", to.session, "b", allowed))).toBeInstanceOf(
      ArgumentError,
    );
    expect(await failureOf(ftpCopy(from.session, "a", to.session, "b\n", allowed))).toBeInstanceOf(
      ArgumentError,
    );
  });

  test.each(["10.0.0.1", "127.0.0.2", "0.0.0.0"])("where the source names %s", async (pasvAddress) => {
    await using both = await pair({ pasvAddress });
    const { from, to } = both;
    const told = commandsOf(to);
    expect(await failureOf(ftpCopy(from.session, "a", to.session, "b", allowed))).toBeInstanceOf(
      ProtocolError,
    );
    expect(told()).not.toContain("PORT");
    await expectUsable(both);
  });

  test.each([
    ["source", "RETR", "none", "b"],
    ["target", "STOR", "a", "none/b"],
  ])("by the %s, and both sessions work", async (_, command, sourcePath, targetPath) => {
    await using both = await pair();
    const { from, to } = both;
    const copying = ftpCopy(from.session, sourcePath, to.session, targetPath, allowed);
    const error = await failureOf(copying);
    expect(error).toMatchObject({ command: expect.stringContaining(command) });
    await expectUsable(both);
  });

  test("by the target, and the source is not asked for the file then", async () => {
    await using both = await pair();
    const { from, to } = both;
    const asked = commandsOf(from);
    expect(await failureOf(ftpCopy(from.session, "a", to.session, "none/b", allowed))).toBeDefined();
    expect(asked()).toBe("TYPE PASV");
  });

  test("by the target behind all of it", async () => {
    await using both = await pair(
      {},
      { onCommand: ({ verb, nth }) => (verb === "STOR" && nth === 1 ? { reply: "552 full" } : undefined) },
    );
    const { from, to } = both;
    const copying = ftpCopy(from.session, "a", to.session, "b", allowed);
    expect(await failureOf(copying)).toMatchObject({ reply: { code: 552 } });
    await expectUsable(both);
  });
});

describe("a copy that is given up", () => {
  test("rejects with the signal's reason, and both sessions work", async () => {
    const { opened, open } = gate();
    await using both = await pair({
      onCommand: ({ verb, nth }) => {
        if (verb !== "RETR" || nth !== 1) return undefined;
        open();
        return { data: { cut: { after: 1_000, wait: new Promise(() => undefined) } } };
      },
    });
    const { from, to } = both;
    const controller = new AbortController();
    const { signal } = controller;
    const copying = failureOf(ftpCopy(from.session, "a", to.session, "b", { ...allowed, signal }));
    await opened;
    controller.abort("enough");
    expect(await copying).toBe("enough");
    await expectUsable(both);
  });

  test("while it waits for its turn is none", async () => {
    await using both = await pair();
    const { from, to } = both;
    const busy = await to.session.transferCmd("STOR c");
    const controller = new AbortController();
    const { signal } = controller;
    const copying = failureOf(ftpCopy(from.session, "a", to.session, "b", { ...allowed, signal }));
    controller.abort("enough");
    expect(await copying).toBe("enough");
    await busy.finish();
    await expectUsable(both);
    expect(from.server.commands.join(" ")).not.toContain("RETR");
  });

  test("closes the session of a server that does not answer", async () => {
    const { opened: asked, open: ask } = gate();
    await using target = await onOwnServer();
    await using deaf = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        await ftp.answer("PASV", `227 (127,0,0,1,${target.server.port >> 8},${target.server.port & 255})`);
        await ftp.answer("RETR a", "150 soon");
        ask();
        await ftp.expect("ABOR");
        await ftp.peer.closed;
      },
      { timeouts: { close: 100 } },
    );
    await using refusing = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer(/^PORT/, "200 there");
      await ftp.answer("STOR b", "150 go on");
      await asked;
      await ftp.say("552 full");
      await ftp.prove();
    });
    const { host, port } = refusing;
    await using session = await FtpSession.connect({ host, port, user: "anonymous" });
    const error = await failureOf(ftpCopy(deaf.session, "a", session, "b", allowed));
    expect(error).toMatchObject({ reply: { code: 552 } });
    expect(deaf.session.isOpen).toBe(false);
    expect(await failureOf(deaf.session.pwd())).toBeInstanceOf(TimeoutError);
    expect(await session.pwd()).toBe("/here");
  });
});
