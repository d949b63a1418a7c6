// The name of the protocol in TLS (ALPN): a server of something else is not spoken to (ALPACA).
import { TlsError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { FtpSession } from "../src/index.ts";
import { identity, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";

refuseUnhandled();

const alpnOf = ({ parts }: FtpSession): unknown => parts.pipeline.connection.tls?.alpnProtocol;

describe.each(["starttls", "implicit"] as const)("with %s", (tls) => {
  test.each([
    ["knows it", ["http/1.1", "ftp"], "ftp"],
    ["knows nothing of such names", undefined, false],
  ] as const)("a server that %s is spoken to, and data connections resume", async (_, names, agreed) => {
    const ALPNProtocols = names === undefined ? {} : { ALPNProtocols: [...names] };
    await using fixture = await onOwnServer(
      { tls: { ...identity, ...ALPNProtocols }, tlsMode: tls, requireSessionReuse: true },
      { tls },
    );
    const { session, put, server } = fixture;
    expect(alpnOf(session)).toBe(agreed);
    await put("a", pattern(10));
    expect(await fetched(session, "a")).toHaveLength(10);
    expect(server.sessions[0]?.transfers).toMatchObject([{ isResumed: true }]);
  });

  test("a server of something else is not", async () => {
    const options = { tls: { ...identity, ALPNProtocols: ["http/1.1"] }, tlsMode: tls } as const;
    expect(await failureOf(onOwnServer(options, { tls }))).toBeInstanceOf(TlsError);
  });

  test("it is not said where that is not wanted", async () => {
    const options = { tls: { ...identity, ALPNProtocols: ["http/1.1"] }, tlsMode: tls } as const;
    await using fixture = await onOwnServer(options, {
      tls,
      tlsOptions: { ...tlsOptions, ALPNProtocols: [] },
    });
    expect(await fixture.session.pwd()).toBe("/");
  });
});
