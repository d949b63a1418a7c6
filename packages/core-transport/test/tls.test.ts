// Certificates and names, for TLS from the first byte and by an upgrade.
import { once } from "node:events";
import { connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createAuthority,
  type Identity,
  type Script,
  scriptedServer,
  selfSigned,
  failureOf,
} from "@netcli/test-kit";
import { TlsError, type TlsOptions } from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { authority, hello, identity, resolvesTo, trust } from "./peers.ts";
import { secure, secured, ways } from "./tls-ways.ts";

afterEach(noSocketLeft);

const expired = authority.issue({ notAfter: new Date(Date.now() - 1_000) });
const future = authority.issue({ notBefore: new Date(Date.now() + 3_600_000) });
const misnamed = authority.issue({ names: ["other.example"] });
const alone = selfSigned();
const refused: [string, Identity, RegExp][] = [
  ["has expired", expired, /^the certificate of localhost has expired$/],
  ["is not yet valid", future, /^the certificate of localhost is not valid yet$/],
  ["is for another name", misnamed, /^the certificate is not for localhost: .*other\.example/],
  [
    "comes from an unknown authority",
    createAuthority("strangers").issue(),
    /UNABLE_TO_.*give its authority as "ca"/,
  ],
  ["is its own authority", alone, /DEPTH_ZERO_SELF_SIGNED_CERT.*give its authority as "ca"/],
];

describe.each(ways)("a certificate, TLS %s,", (way) => {
  test.each(refused)("is refused if it %s", async (_what, tls, message) => {
    await using server = await secured(way, hello, tls);
    const error = await failureOf(secure(way, { host: "localhost", port: server.port }, trust));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE", message: expect.stringMatching(message) });
    await nothingLeft();
  });

  test.each(refused)("is accepted by `insecure` if it %s", async (_what, tls) => {
    await using server = await secured(way, hello, tls);
    const options = { host: "localhost", port: server.port };
    await using connection = await secure(way, options, { insecure: true });
    expect(await connection.readLine()).toBe("220 hello");
    expect(connection.tls?.authorized).toBe(false);
  });

  test("is checked for an IPv6 address", async () => {
    await using right = await secured(way, hello, identity, "::1");
    await using connection = await secure(way, { host: "::1", port: right.port }, trust);
    expect(await connection.readLine()).toBe("220 hello");
    const tls = authority.issue({ names: ["::2", "127.0.0.1"] });
    await using wrong = await secured(way, hello, tls, "::1");
    const error = await failureOf(secure(way, { host: "::1", port: wrong.port }, trust));
    expect(error).toMatchObject({
      code: "ERR_NETCLI_CERTIFICATE",
      message: "the certificate is not for ::1: it is for IP Address:0:0:0:0:0:0:0:2, IP Address:127.0.0.1",
    });
  });

  test("is accepted if it is itself given as authority", async () => {
    await using server = await secured(way, hello, alone);
    await using connection = await secure(way, { host: "localhost", port: server.port }, { ca: alone.cert });
    expect(await connection.readLine()).toBe("220 hello");
  });

  test("is checked against the address where the host is one", async () => {
    await using server = await secured(way, hello, identity);
    await using connection = await secure(way, { host: "127.0.0.1", port: server.port }, trust);
    expect(await connection.readLine()).toBe("220 hello");
    await using other = await secured(way, hello, misnamed);
    const error = await failureOf(secure(way, { host: "127.0.0.1", port: other.port }, trust));
    expect(error).toMatchObject({
      message: expect.stringMatching(/^the certificate is not for 127\.0\.0\.1: /),
    });
  });

  test("is verified although NODE_TLS_REJECT_UNAUTHORIZED says no", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    try {
      await using server = await secured(way, hello, alone);
      const error = await failureOf(secure(way, { host: "localhost", port: server.port }, {}));
      expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
      // The variable does work for others.
      await using other = await scriptedServer(hello, { tls: alone });
      const socket = tlsConnect({ host: "127.0.0.1", port: other.port });
      await once(socket, "secureConnect");
      socket.destroy();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("is checked against `servername`, which is then what errors speak of", async () => {
    await using server = await secured(way, hello, misnamed);
    const options = { host: "127.0.0.1", port: server.port };
    await using connection = await secure(way, options, { ...trust, servername: "other.example" });
    expect(await connection.readLine()).toBe("220 hello");
    const error = await failureOf(secure(way, options, { ...trust, servername: "third.example" }));
    expect(error).toMatchObject({
      message: expect.stringMatching(/^the certificate is not for third\.example: /),
    });
  });

  test("is checked against a `servername` that is an address, too", async () => {
    await using server = await secured(way, hello, authority.issue({ names: ["192.0.2.7"] }));
    const options = { host: "localhost", port: server.port };
    await using connection = await secure(way, options, { ...trust, servername: "192.0.2.7" });
    expect(await connection.readLine()).toBe("220 hello");
    const error = await failureOf(secure(way, options, { ...trust, servername: "192.0.2.8" }));
    expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
  });

  test("is judged by the caller's own check if there is one", async () => {
    await using server = await secured(way, hello, misnamed);
    const options = { host: "localhost", port: server.port };
    const asked: string[] = [];
    const checkServerIdentity = (name: string): Error | undefined => {
      asked.push(name);
      return asked.length > 1 ? new Error("not today") : undefined;
    };
    await using connection = await secure(way, options, { ...trust, checkServerIdentity });
    expect(await connection.readLine()).toBe("220 hello");
    const error = await failureOf(secure(way, options, { ...trust, checkServerIdentity }));
    expect(error).toMatchObject({ name: "TlsError", message: expect.stringContaining("not today") });
    expect(asked).toEqual(["localhost", "localhost"]);
  });

  test.each<[string, TlsOptions, string | false]>([
    ["localhost", {}, "localhost"],
    ["127.0.0.1", {}, false],
    ["127.0.0.1", { servername: "Mail.Example" }, "mail.example"],
    ["localhost", { servername: "bücher.example" }, "xn--bcher-kva.example"],
    ["rooted.example.", {}, "rooted.example"],
  ])("is asked of %s with %j by the right SNI", async (host, tls, expected) => {
    const names: unknown[] = [];
    const script: Script = async (peer) => {
      names.push(peer.tls?.servername);
      await hello(peer);
    };
    await using server = await secured(way, script, identity);
    const options = {
      host,
      port: server.port,
      ...(host.includes("example") ? { lookup: resolvesTo("127.0.0.1") } : {}),
    };
    await using connection = await secure(way, options, { ...tls, insecure: true });
    expect(await connection.readLine()).toBe("220 hello");
    expect(names).toEqual([expected]);
  });
});
