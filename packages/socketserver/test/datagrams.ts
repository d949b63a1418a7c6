// What the tests of serveDatagram have in common: clients.
import { type Datagram, openDatagram } from "@netcli/core-transport";
import type { DatagramServer } from "../src/index.ts";

export function clientOf({ address: { address: host, port } }: DatagramServer): Promise<Datagram> {
  return openDatagram({ peer: { host, port } });
}

/** The next datagram as text. */
export async function received(client: Datagram): Promise<string> {
  const { data } = await client.receive({ timeout: 5_000 });
  return Buffer.from(data).toString();
}

/** What comes first for who sends these datagrams. */
export async function ask(server: DatagramServer, ...words: string[]): Promise<string> {
  await using client = await clientOf(server);
  for (const word of words) await client.send(word);
  return await received(client);
}

export function text(data: Uint8Array): string {
  return Buffer.from(data).toString();
}
