// The server as a function: called with each connection, or with each datagram.
import { type Connection, decodeText } from "@netcli/core-transport";
import { type ClientAddress, serve, serveDatagram } from "@netcli/socketserver";
import type { Settings } from "./arguments.ts";
import { logConnection, logDatagram, logFailure } from "./log.ts";
import { type Running, showAddress } from "./running.ts";
import { stamp } from "./timestamp.ts";

export async function startFunction({ host, port, unix, udp }: Settings): Promise<Running> {
  const where = unix === undefined ? { host, port } : { path: unix };
  const server = udp
    ? await serveDatagram(answerDatagram, { ...where, onError: logFailure })
    : await serve(answerLines, {
        ...where,
        onError: (error, connection) => logFailure(error, addressOf(connection)),
      });
  return {
    address: showAddress(server.address.address, server.address.port),
    stop: () => server.shutdown(),
    cut: () => server.shutdown({ deadline: 0 }),
  };
}

async function answerLines(connection: Connection): Promise<void> {
  logConnection(addressOf(connection));
  // Not `writeLine`: it refuses the control characters that a line may hold.
  for await (const line of connection.lines()) await connection.write(`${stamp(line)}\r\n`);
}

function answerDatagram(data: Uint8Array, from: ClientAddress): string {
  logDatagram(from);
  return stamp(decodeText(Buffer.from(data)));
}

function addressOf(connection: Connection | undefined): ClientAddress {
  return [connection?.remoteAddress ?? "", connection?.remotePort ?? 0];
}
