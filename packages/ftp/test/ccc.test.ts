// CCC: the control connection is in clear again, and what goes over data connections is not.
import { ConnectionClosedError, NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { identity, pattern, refuseUnhandled } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";

refuseUnhandled();

const features = { CCC: true } as const;

describe.each(["TLSv1.2", "TLSv1.3"] as const)("CCC with %s", (version) => {
  const tls = { ...identity, minVersion: version, maxVersion: version } as const;

  test.each(["starttls", "implicit"] as const)(
    "behind %s clears what is said, and nothing else",
    async (mode) => {
      await using fixture = await onOwnServer(
        { tls, tlsMode: mode, requireSessionReuse: true, features },
        { tls: mode, allowCcc: true },
      );
      const { session, put, server } = fixture;
      await put("a", pattern(100_000));
      expect(await fetched(session, "a")).toHaveLength(100_000);
      await session.ccc();
      expect(await session.pwd()).toBe("/");
      expect(server.sessions[0]?.isSecure).toBe(false);
      const results = await Promise.all([
        fetched(session, "a").then((content) => content.equals(pattern(100_000))),
        session.storBinary("STOR b", pattern(10)),
        session.nlst(),
        session.noop(),
      ]);
      expect(results).toMatchObject([true, { bytes: 10 }, ["a", "b"], { code: 200 }]);
      expect(server.sessions[0]?.transfers.map(({ isSecure, isResumed }) => [isSecure, isResumed])).toEqual(
        Array.from({ length: 4 }, () => [true, true]),
      );
      expect(server.errors).toEqual([]);
      await session.quit();
      expect(server.commands.at(-1)).toBe("QUIT");
    },
  );

  test("that is refused leaves TLS as it is", async () => {
    await using fixture = await onOwnServer({ tls }, { tls: "starttls", allowCcc: true });
    const { session, put, server } = fixture;
    await put("a", pattern(10));
    expect(await failureOf(session.ccc())).toMatchObject({ reply: { code: 500 } });
    expect(await fetched(session, "a")).toHaveLength(10);
    expect(server.sessions[0]?.isSecure).toBe(true);
  });

  test("that is answered by the end of the connection does not hang", async () => {
    await using fixture = await onOwnServer(
      {
        tls,
        features,
        onCommand: ({ verb }) => (verb === "CCC" ? { skip: true, reply: null, end: "end" } : undefined),
      },
      { tls: "starttls", allowCcc: true },
    );
    const { session } = fixture;
    expect(await failureOf(session.ccc())).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(session.pwd())).toBeInstanceOf(ConnectionClosedError);
  });

  test("that ends the connection behind its answer does not hang either", async () => {
    await using fixture = await onOwnServer(
      {
        tls,
        onCommand: ({ verb }) => (verb === "CCC" ? { skip: true, reply: "200 bye", end: "end" } : undefined),
      },
      { tls: "starttls", allowCcc: true },
    );
    const { session } = fixture;
    const ending = await Promise.allSettled([session.ccc(), session.pwd()]);
    expect(ending[1]).toMatchObject({ status: "rejected", reason: expect.any(ConnectionClosedError) });
  });
});

test("without allowCcc, and without TLS, nothing is cleared", async () => {
  await using fixture = await onOwnServer({ tls: identity, features }, { tls: "starttls" });
  expect(await failureOf(fixture.session.ccc())).toBeInstanceOf(NotSupportedError);
  expect(await fixture.session.pwd()).toBe("/");
  await using plain = await onOwnServer({}, { allowCcc: true, tls: "none" });
  expect(await failureOf(plain.session.ccc())).toBeInstanceOf(NotSupportedError);
  expect(plain.server.commands).not.toContain("CCC");
});

test("TLS can be put on again", async () => {
  await using fixture = await onOwnServer({ tls: identity, features }, { tls: "starttls", allowCcc: true });
  const { session, server } = fixture;
  for (let times = 0; times < 3; times += 1) {
    await session.ccc();
    expect(await session.pwd()).toBe("/");
    await session.login("tester", "secret");
    expect(server.sessions[0]?.isSecure).toBe(true);
  }
});
