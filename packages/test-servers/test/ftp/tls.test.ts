// startFtpServer: TLS on control and data connections.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type TlsOptions, TlsTickets } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { authority, type Fixture, identity, RawClient } from "./raw-client.ts";

const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 251));

/** A client that is logged in over TLS. */
async function secured(options: FtpServerOptions = {}, tls: TlsOptions = {}): Promise<Fixture> {
  const server = await startFtpServer({ tls: identity, ...options });
  const verified = { ca: authority.certificate, ...tls };
  const client = await RawClient.open(server, options.tlsMode === "implicit" ? verified : undefined);
  if (options.tlsMode === "implicit") {
    await client.commands("PBSZ 0", "PROT P");
    client.tls = verified;
  } else {
    await client.protect(verified);
  }
  await client.logIn();
  await client.command("TYPE I");
  await writeFile(join(server.root, "file"), content);
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

describe.each(["starttls", "implicit"] as const)("TLS (%s)", (tlsMode) => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)("protects files both ways with %s", async (version) => {
    await using fixture = await secured({ tlsMode }, { minVersion: version, maxVersion: version });
    const { server, client } = fixture;
    const retrieved = await client.retrieve("RETR file");
    expect(retrieved).toMatchObject({ final: expect.stringMatching(/^226 /) });
    expect(retrieved.content.equals(content)).toBe(true);
    expect(await client.store("STOR copy", content)).toMatchObject({ final: expect.stringMatching(/^226 /) });
    expect(content.equals(await readFile(join(server.root, "copy")))).toBe(true);
    expect((await client.retrieve("MLSD")).content.toString()).toContain("type=cdir;");
    expect(server.sessions[0]).toMatchObject({ isSecure: true });
    expect(server.sessions[0]?.transfers.map(({ isSecure }) => isSecure)).toEqual([true, true, true]);
    expect(await client.command("AUTH TLS")).toMatch(/^503 /);
    expect(server.errors).toEqual([]);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "demands the session of the control connection (%s)",
    async (version) => {
      const versions = { minVersion: version, maxVersion: version } as const;
      const tickets = new TlsTickets();
      await using resuming = await secured({ tlsMode, requireSessionReuse: true }, { ...versions, tickets });
      expect((await resuming.client.retrieve("RETR file")).content.equals(content)).toBe(true);
      expect(resuming.server.sessions[0]?.transfers).toMatchObject([{ isResumed: true }]);
      // A session of another control connection is no better than none.
      await using other = await RawClient.open(
        resuming.server,
        tlsMode === "implicit" ? { ca: authority.certificate, ...versions } : undefined,
      );
      if (tlsMode === "starttls") await other.protect({ ca: authority.certificate, ...versions });
      else await other.commands("PBSZ 0", "PROT P");
      await other.logIn();
      for (const tls of [{ tickets }, {}]) {
        other.tls = { ca: authority.certificate, ...versions, ...tls };
        expect(await other.retrieve("RETR file")).toMatchObject({
          content: Buffer.alloc(0),
          final: expect.stringMatching(/^522 /),
        });
      }
      expect(await other.command("NOOP")).toMatch(/^200 /);
    },
  );
});

describe("TLS", () => {
  test("is demanded for logins and for transfers", async () => {
    await using server = await startFtpServer({ tls: identity, requireTls: true });
    await using client = await RawClient.open(server);
    expect(await client.command("USER tester")).toMatch(/^530 /);
    expect(await client.command("FEAT")).toMatch(/\n AUTH TLS\n PBSZ\n PROT\n/);
    expect(await client.command("AUTH KERBEROS_V4")).toMatch(/^504 /);
    expect(await client.command("PROT P")).toMatch(/^503 /);
    await client.protect({ ca: authority.certificate });
    await client.logIn();
    expect(await client.command("PROT C")).toMatch(/^534 /);
    expect(await client.command("PROT S")).toMatch(/^536 /);
    expect(await client.command("PROT X")).toMatch(/^504 /);
    expect((await client.retrieve("MLSD")).final).toMatch(/^226 /);
    await using hasty = await RawClient.open(server);
    await hasty.command("AUTH TLS-C");
    await hasty.connection.startTls({ ca: authority.certificate });
    await hasty.logIn();
    await hasty.command("EPSV");
    expect(await hasty.command("MLSD")).toMatch(/^521 /);
  });

  test("is on the control connection alone with PROT C, and asks for the login again", async () => {
    await using server = await startFtpServer({ tls: identity });
    await using client = await RawClient.open(server);
    await client.logIn();
    expect(await client.command("AUTH TLS")).toMatch(/^234 /);
    await client.connection.startTls({ ca: authority.certificate });
    expect(await client.command("PWD")).toMatch(/^530 /);
    await client.logIn();
    await client.commands("PBSZ 0", "PROT P", "PROT C");
    expect((await client.retrieve("MLSD")).final).toMatch(/^226 /);
    await using without = await startFtpServer({ tls: identity, features: { "PROT C": false, AUTH: 502 } });
    await using other = await RawClient.open(without);
    expect(await other.command("AUTH TLS")).toMatch(/^502 /);
    expect(await other.command("FEAT")).not.toContain("AUTH");
  });

  test("does not begin behind a command in clear that came with AUTH", async () => {
    await using server = await startFtpServer({ tls: identity });
    await using client = await RawClient.open(server);
    await client.connection.write("AUTH TLS\r\nUSER mallory\r\n");
    expect(await client.connection.readLine()).toBeUndefined();
    await server.sessions[0]?.ended;
    expect(server.commands).toEqual(["AUTH TLS"]);
    expect(server.errors).toEqual([expect.objectContaining({ code: "ERR_NETCLI_STARTTLS_INJECTION" })]);
  });

  test("is taken off by CCC where that is on, and data connections keep it", async () => {
    await using fixture = await secured({ features: { CCC: true } });
    const { server, client } = fixture;
    expect(await client.command("CCC")).toMatch(/^200 /);
    // What a client does then is in clients.test.ts: core-transport can't take TLS off.
    await using without = await secured();
    expect(await without.client.command("CCC")).toMatch(/^500 /);
    expect(server.errors).toEqual([]);
  });

  test("fails with 522 when the client does not want the certificate", async () => {
    await using fixture = await secured();
    const { server, client } = fixture;
    await using data = await connect({ host: server.host, port: await client.dataPort() });
    await client.connection.writeLine("MLSD");
    expect(await failureOf(data.startTls({}))).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
    expect(await client.reply()).toMatch(/^150 /);
    expect(await client.reply()).toMatch(/^522 /);
    expect(await client.command("NOOP")).toMatch(/^200 /);
    expect(server.errors).toHaveLength(1);
  });
});
