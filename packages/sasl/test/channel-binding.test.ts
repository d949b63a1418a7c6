// Channel binding over real TLS: what both ends see, and whom it keeps out.
import { connect as tlsConnect, createServer } from "node:tls";
import { once } from "node:events";
import { connect } from "@netcli/core-transport";
import { createAuthority, failureOf, scriptedServer } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { authenticate, channelBindings, chooseMechanisms, scram } from "../src/index.ts";
import { connectTo, framing, scramServer, tlsOf } from "./tls-peers.ts";

const account = { user: "user", password: "pencil" };
// OpenSSL's SSL_OP_NO_EXTENDED_MASTER_SECRET.
const withoutExtendedMasterSecret = { secureOptions: 1 };

const versions = ["TLSv1.2", "TLSv1.3"] as const;
const types = ["tls-exporter", "tls-server-end-point"] as const;

describe.each(versions)("%s", (version) => {
  const only = { minVersion: version, maxVersion: version };

  it.each(types)("is bound to with %s", async (type) => {
    await using server = await scramServer();
    await using connection = await connectTo(server.port, only);
    const channelBinding = channelBindings(tlsOf(connection)).find((binding) => binding.type === type);
    const mechanism = scram("SHA-256", { ...account, channelBinding });
    expect(mechanism.name).toBe("SCRAM-SHA-256-PLUS");
    expect(await authenticate([mechanism], framing(connection))).toBe(mechanism);
    connection.destroy();
    await server.close();
  });

  it("is bound to by what the choice puts first", async () => {
    await using server = await scramServer({ hash: "SHA-512" });
    await using connection = await connectTo(server.port, only);
    const offered = ["SCRAM-SHA-256", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS", "PLAIN"];
    const options = {
      isConfidential: connection.confidential,
      channelBindings: channelBindings(tlsOf(connection)),
    };
    const used = await authenticate(chooseMechanisms(offered, account, options), framing(connection));
    expect(used.name).toBe("SCRAM-SHA-512-PLUS");
    expect(server.received.toString()).toMatch(/^SCRAM-SHA-512-PLUS\r\n/);
    expect(Buffer.from(server.received.toString().split("\r\n")[1] ?? "", "base64").toString()).toMatch(
      /^p=tls-exporter,,n=user,r=/,
    );
  });

  it("keeps out who ends TLS in between and passes everything on", async () => {
    await using server = await scramServer();
    // With a certificate of its own, from an authority that the client trusts as well.
    const stranger = createAuthority();
    await using between = await scriptedServer(
      async (peer) => {
        await using onward = await connectTo(server.port, only);
        const back = onward.lines();
        // The name and the two messages; the server sees another connection than the client, and says so.
        for (let line = 0; line < 3; line += 1) {
          await onward.writeLine(await peer.readLine());
          if (line > 0) await peer.send(`${(await back.next()).value ?? ""}\r\n`);
        }
        await peer.closed;
      },
      { tls: stranger.issue() },
    );
    for (const type of types) {
      await using connection = await connect({
        host: "localhost",
        port: between.port,
        tls: { ca: stranger.certificate, ...only },
      });
      const channelBinding = channelBindings(tlsOf(connection)).find((binding) => binding.type === type);
      const mechanism = scram("SHA-256", { ...account, channelBinding });
      const error = await failureOf(authenticate([mechanism], framing(connection)));
      expect(error).toMatchObject({ code: "ERR_NETCLI_SASL_CHANNEL_BINDING" });
      connection.destroy();
    }
  });

  it("has another exporter for each connection, and the same end point", async () => {
    await using server = await scramServer();
    await using one = await connectTo(server.port, only);
    await using other = await connectTo(server.port, only);
    const [a, b] = [channelBindings(tlsOf(one)), channelBindings(tlsOf(other))];
    expect(a.map(({ type }) => type)).toEqual(types);
    expect(b.map(({ type }) => type)).toEqual(types);
    expect(a[0]?.data).toHaveLength(32);
    expect(a[0]?.data).not.toEqual(b[0]?.data);
    expect(a[1]?.data).toEqual(b[1]?.data);
  });

  it("has both when it resumes a session, too", async () => {
    const server = createServer({ ...createAuthority().issue(), ...only }, (socket) => socket.resume());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const options = { host: "127.0.0.1", port: address.port, rejectUnauthorized: false };
    const first = tlsConnect(options).resume();
    const [session] = (await once(first, "session")) as [Buffer];
    const second = tlsConnect({ ...options, session });
    await once(second, "secureConnect");
    expect(second.isSessionReused()).toBe(true);
    const [whole, resumed] = [channelBindings(first), channelBindings(second)];
    expect(resumed.map(({ type }) => type)).toEqual(types);
    expect(resumed[0]?.data).not.toEqual(whole[0]?.data);
    expect(resumed[1]).toEqual(whole[1]);
    first.destroy();
    second.destroy();
    server.close();
    await once(server, "close");
  });
});

it("does not use the exporter of TLS 1.2 without the extended master secret (triple handshake)", async () => {
  await using server = await scramServer({}, withoutExtendedMasterSecret);
  await using old = await connectTo(server.port, { maxVersion: "TLSv1.2" });
  expect(channelBindings(tlsOf(old)).map(({ type }) => type)).toEqual(["tls-server-end-point"]);
  await using current = await connectTo(server.port, { minVersion: "TLSv1.3" });
  expect(channelBindings(tlsOf(current)).map(({ type }) => type)).toEqual(types);
});

it("has nothing before the handshake", async () => {
  await using server = await scramServer();
  const socket = tlsConnect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false });
  expect(channelBindings(socket)).toEqual([]);
  socket.destroy();
  await once(socket, "close");
});
