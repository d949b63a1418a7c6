// The two ways into TLS, from the first byte and by an upgrade, for tests that must hold for both.
import { expect } from "vitest";
import {
  type Script,
  type ScriptedServer,
  scriptedServer,
  type ScriptedServerOptions,
} from "@netcli/test-kit";
import { connect, type Connection, type ConnectOptions, type TlsOptions } from "../src/index.ts";

type ServerTls = NonNullable<ScriptedServerOptions["tls"]>;
export type Way = "implicit" | "upgraded";
export const ways: Way[] = ["implicit", "upgraded"];

/** A server that speaks TLS in this way and then follows the script. */
export function secured(
  way: Way,
  script: Script,
  tls: ServerTls,
  host: string = "127.0.0.1",
): Promise<ScriptedServer> {
  if (way === "implicit") return scriptedServer(script, { host, tls });
  return scriptedServer(
    async (peer, index) => {
      await peer.expect("STARTTLS");
      await peer.send("220 go\r\n");
      await peer.startTls(tls);
      await script(peer, index);
    },
    { host },
  );
}

export async function secure(way: Way, options: ConnectOptions, tls: TlsOptions): Promise<Connection> {
  if (way === "implicit") return connect({ ...options, tls });
  const connection = await connect(options);
  await connection.writeLine("STARTTLS");
  expect(await connection.readLine()).toBe("220 go");
  await connection.startTls(tls);
  return connection;
}
