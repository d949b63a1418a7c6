// A POP3 server that does what a test's script says, and sessions for it.
import { once } from "node:events";
import { connect } from "node:net";
import { createAuthority, type ScriptedPeer, type ScriptedServer, scriptedServer } from "@netcli/test-kit";
import { type Pop3Options, Pop3Session } from "../src/index.ts";

const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();
export const tlsOptions = { ca: authority.certificate };

/** Sends lines in one write. */
export function say(peer: ScriptedPeer, ...lines: readonly string[]): Promise<void> {
  return peer.send(lines.map((line) => `${line}\r\n`).join(""));
}

/** Expects a command and answers it. */
export async function answer(
  peer: ScriptedPeer,
  command: string | RegExp,
  ...lines: string[]
): Promise<void> {
  await peer.expect(command);
  await say(peer, ...lines);
}

/** Greets, and answers CAPA with these capabilities. */
export async function greet(peer: ScriptedPeer, ...capabilities: string[]): Promise<void> {
  await say(peer, "+OK ready <1.2@pop.example.org>");
  await answer(peer, "CAPA", "+OK", ...capabilities, ".");
}

/** A way to a server that is not on this machine, as far as the client knows. */
export function elsewhere({
  host,
  port,
}: Pick<ScriptedServer, "host" | "port">): Pick<Pop3Options, "host" | "port" | "proxy"> {
  const proxy = async (): Promise<ReturnType<typeof connect>> => {
    const socket = connect(port, host);
    await once(socket, "connect");
    return socket;
  };
  return { host: "localhost", port: 110, proxy };
}

/** A session that was greeted, and nothing more. */
export async function greeted(
  script: (peer: ScriptedPeer) => Promise<void>,
): Promise<{ server: ScriptedServer; session: Pop3Session } & AsyncDisposable> {
  const server = await scriptedServer(async (peer) => {
    await say(peer, "+OK ready");
    await script(peer);
  });
  const { host, port } = server;
  const session = await Pop3Session.connect({ host, port, timeouts: { reply: 500, stall: 500, close: 200 } });
  return {
    server,
    session,
    async [Symbol.asyncDispose]() {
      session.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A session of a server with these capabilities, which has not logged in. */
export async function offered(
  capabilities: readonly string[],
  script: (peer: ScriptedPeer) => Promise<void>,
): ReturnType<typeof greeted> {
  const fixture = await greeted(async (peer) => {
    await answer(peer, "CAPA", "+OK", ...capabilities, ".");
    await script(peer);
  });
  await fixture.session.capa();
  return fixture;
}
