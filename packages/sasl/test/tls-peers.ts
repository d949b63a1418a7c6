// A server that speaks SCRAM over TLS, one message a line in base64, and what it sees of the connection itself.
import { createHash, X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { createAuthority, type ScriptedPeer, type ScriptedServer, scriptedServer } from "@netcli/test-kit";
import { connect, type Connection, type TlsOptions } from "@netcli/core-transport";
import type { TlsOptions as TlsServerOptions } from "node:tls";
import { encodeBase64, type Exchange, type ServerStep } from "../src/index.ts";
import { ScramServer, type ScramServerOptions } from "./scram-server.ts";

const authority = createAuthority();
const identity = authority.issue();

/** What the server's side of the connection can be bound with. */
function bindingsOf(socket: TLSSocket): Record<string, Uint8Array> {
  const { raw } = new X509Certificate(identity.cert);
  return {
    "tls-exporter": socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
    "tls-server-end-point": createHash("sha256").update(raw).digest(),
  };
}

async function serve(peer: ScriptedPeer, options: ScramServerOptions): Promise<void> {
  const { tls } = peer;
  if (tls === undefined) throw new Error("the client has no TLS");
  const readMessage = async (): Promise<string> => Buffer.from(await peer.readLine(), "base64").toString();
  const send = (text: string): Promise<void> => peer.send(`+ ${Buffer.from(text).toString("base64")}\r\n`);
  const isPlus = (await peer.readLine()).endsWith("-PLUS");
  const server = new ScramServer({ offersPlus: true, ...options, isPlus, bindings: bindingsOf(tls) });
  await send(server.first(await readMessage()));
  await send(server.final(await readMessage()));
  await peer.readLine();
  await peer.send(server.authenticated === undefined ? "NO\r\n" : "OK\r\n");
  await peer.closed;
}

export function scramServer(
  options: ScramServerOptions = {},
  tls: TlsServerOptions = {},
): Promise<ScriptedServer> {
  return scriptedServer((peer) => serve(peer, options), { tls: { ...identity, ...tls } });
}

export function connectTo(port: number, options: TlsOptions = {}): Promise<Connection> {
  return connect({ host: "localhost", port, tls: { ca: authority.certificate, ...options } });
}

/** The TLS side of a connection that has one. */
export function tlsOf({ tls }: Connection): TLSSocket {
  if (tls === undefined) throw new Error("the connection has no TLS");
  return tls;
}

/** The framing of that server. */
export function framing(connection: Connection): Exchange {
  const step = async (): Promise<ServerStep> => {
    const line = (await connection.readLine()) ?? "";
    if (line === "OK") return { kind: "accepted" };
    if (line.startsWith("+ ")) return { kind: "challenge", data: Buffer.from(line.slice(2), "base64") };
    return { kind: "refused", reason: "wrong-credentials", toError: (options) => new Error(line, options) };
  };
  const respond = async (response: Uint8Array): Promise<ServerStep> => {
    await connection.writeLine(encodeBase64(response));
    return step();
  };
  return {
    begin: async (mechanism, initial = new Uint8Array()) => {
      await connection.writeLine(mechanism);
      return respond(initial);
    },
    respond,
    cancel: () => connection.writeLine("*"),
  };
}
