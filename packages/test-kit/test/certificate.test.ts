// Certificates by what node:crypto reads in them and by what node:tls makes of them (RFC 5280).
import { X509Certificate } from "node:crypto";
import { text } from "node:stream/consumers";
import type { SecureVersion } from "node:tls";
import { describe, expect, test } from "vitest";
import {
  createAuthority,
  type Identity,
  type ScriptedServer,
  scriptedServer,
  selfSigned,
} from "../src/index.ts";
import { openTls } from "./client.ts";

const authority = createAuthority();

function tlsServer(identity: Identity): Promise<ScriptedServer> {
  return scriptedServer((peer) => peer.send("hello"), { tls: identity });
}

describe("a certificate of an authority", () => {
  test("names localhost by its name and both addresses unless told otherwise", () => {
    const certificate = new X509Certificate(authority.issue().cert);
    expect(certificate.subjectAltName).toBe(
      "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.checkIP("::1")).toBe("::1");
  });

  test("is signed by the authority, is none itself, and fits its key", () => {
    const { key, cert } = authority.issue();
    const certificate = new X509Certificate(cert);
    const issuer = new X509Certificate(authority.certificate);
    expect(issuer.ca).toBe(true);
    expect(issuer.verify(issuer.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(key).toContain("BEGIN PRIVATE KEY");
  });

  test("has a serial number of its own, positive and of full length", () => {
    const serials = Array.from({ length: 8 }, () => new X509Certificate(authority.issue().cert).serialNumber);
    expect(new Set(serials).size).toBe(8);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test("keeps the dates it is given, on both sides of 2050", () => {
    const notBefore = new Date("2049-12-31T23:59:59Z");
    const notAfter = new Date("2050-01-01T00:00:00Z");
    const certificate = new X509Certificate(authority.issue({ notBefore, notAfter }).cert);
    expect(new Date(certificate.validFrom)).toEqual(notBefore);
    expect(new Date(certificate.validTo)).toEqual(notAfter);
  });

  test("begins before it ends when only one of the dates is given", () => {
    const past = new X509Certificate(authority.issue({ notAfter: new Date(0) }).cert);
    const future = new X509Certificate(authority.issue({ notBefore: new Date("2100-01-01") }).cert);
    expect(Date.parse(past.validFrom)).toBeLessThan(Date.parse(past.validTo));
    expect(Date.parse(future.validFrom)).toBeLessThan(Date.parse(future.validTo));
  });

  test("can do without names", () => {
    expect(new X509Certificate(authority.issue({ names: [] }).cert).subjectAltName).toBeUndefined();
  });

  test("takes no name that DNS could not carry", () => {
    expect(() => authority.issue({ names: ["bücher.example"] })).toThrow(TypeError);
    expect(() => authority.issue({ names: [""] })).toThrow(TypeError);
  });
});

describe("a TLS client", () => {
  test.each<SecureVersion>(["TLSv1.2", "TLSv1.3"])(
    "trusts a certificate of its authority in %s",
    async (version) => {
      await using server = await tlsServer(authority.issue());
      const { port } = server;
      for (const [host, servername] of [["127.0.0.1", "localhost"], ["127.0.0.1"]]) {
        const pinned = { minVersion: version, maxVersion: version, ca: authority.certificate };
        const client = await openTls({ port, ...pinned, host, ...(servername ? { servername } : {}) });
        expect(client.getProtocol()).toBe(version);
        expect(client.authorized).toBe(true);
        expect(await text(client)).toBe("hello");
      }
    },
  );

  test("trusts a server on ::1 by its address", async () => {
    await using server = await scriptedServer((peer) => peer.send("hello"), {
      host: "::1",
      tls: authority.issue(),
    });
    expect(server.host).toBe("::1");
    const client = await openTls({
      host: "::1",
      port: server.port,
      ca: authority.certificate,
      // Node's own check finds no IPv6 address in any certificate in Node 22.23.
      checkServerIdentity: (name, { raw }) =>
        new X509Certificate(raw).checkIP(name) === undefined ? new Error("another address") : undefined,
    });
    expect(await text(client)).toBe("hello");
  });

  test.each([
    ["an expired certificate", { notAfter: new Date("2020-01-01") }, "CERT_HAS_EXPIRED"],
    ["a certificate of the future", { notBefore: new Date("2100-01-01") }, "CERT_NOT_YET_VALID"],
    ["another name", { names: ["other.example"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["another address", { names: ["127.0.0.2"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("rejects %s", async (_what, options, code) => {
    await using server = await tlsServer(authority.issue(options));
    const { host, port } = server;
    await expect(openTls({ host, port, ca: authority.certificate })).rejects.toMatchObject({ code });
  });

  test("rejects a certificate of another authority of the same name", async () => {
    await using server = await tlsServer(createAuthority().issue());
    const { host, port } = server;
    const code = expect.stringMatching(/^UNABLE_TO_/);
    await expect(openTls({ host, port, ca: authority.certificate })).rejects.toMatchObject({ code });
  });

  test("rejects a self-signed certificate unless it is the one it trusts", async () => {
    const identity = selfSigned();
    await using server = await tlsServer(identity);
    const { host, port } = server;
    const code = "DEPTH_ZERO_SELF_SIGNED_CERT";
    await expect(openTls({ host, port, ca: authority.certificate })).rejects.toMatchObject({ code });
    const client = await openTls({ host, port, ca: identity.cert });
    expect(await text(client)).toBe("hello");
  });

  test("can prove itself with a certificate of the authority", async () => {
    const tls = { ...authority.issue(), ca: authority.certificate, requestCert: true };
    await using server = await scriptedServer(
      async (peer) => {
        await peer.send(peer.tls?.getPeerCertificate().subjectaltname ?? "nobody");
      },
      { tls },
    );
    const { host, port } = server;
    const identity = authority.issue({ names: ["client.example"] });
    const client = await openTls({ host, port, ca: authority.certificate, ...identity });
    expect(await text(client)).toBe("DNS:client.example");
  });
});
