// Passes an FTP control connection on, the server's replies one byte per packet. Data connections go past it.
import { connect } from "node:net";
import { type ScriptedServer, scriptedServer } from "./scripted-server.ts";

/** Starts a relay to a server on loopback. */
export function oneByteRelay(host: string, port: number): Promise<ScriptedServer> {
  return scriptedServer(async (peer) => {
    const server = connect({ host, port });
    const forward = async (): Promise<void> => {
      for (;;) server.write(Buffer.from(`${await peer.readLine()}\r\n`, "latin1"));
    };
    // It ends when the client is gone.
    const forwarding = forward().catch(() => server.end());
    for await (const replies of server) await peer.sendSplit(replies as Buffer, 1);
    peer.end();
    await forwarding;
  });
}
