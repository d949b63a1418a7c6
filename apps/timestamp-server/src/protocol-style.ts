// The server in the style of Twisted: a protocol that is told what comes, and a factory that makes one for each client.
import { LimitError } from "@netcli/core-transport";
import { Factory, LineReceiver, listenTCP } from "@netcli/socketserver";
import type { Settings } from "./arguments.ts";
import { logConnection, logFailure } from "./log.ts";
import { type Running, showAddress } from "./running.ts";
import { stamp } from "./timestamp.ts";

class TimestampProtocol extends LineReceiver {
  // A line may end with LF alone; the CR of CRLF is taken off below.
  override delimiter: string = "\n";

  override connectionMade(): void {
    logConnection(this.transport.getPeer());
  }

  override lineReceived(line: string): void {
    // Not `sendLine`: it would end the line with LF alone, and refuses the control characters that it may hold.
    this.transport.write(`${stamp(line.replace(/\r$/, ""))}\r\n`);
  }

  override lineLengthExceeded(line: Uint8Array): void {
    const error = new LimitError(`the peer sent a line of more than ${this.maxLength} bytes`, "lineBytes");
    logFailure(error, this.transport.getPeer());
    super.lineLengthExceeded(line);
  }
}

export async function startProtocol({ host, port, unix }: Settings): Promise<Running> {
  const listening = await listenTCP(port, Factory.forProtocol(TimestampProtocol), {
    ...(unix === undefined ? { interface: host } : { path: unix }),
    onError: (error, connection) =>
      logFailure(error, [connection?.remoteAddress ?? "", connection?.remotePort ?? 0]),
  });
  const { address, port: realPort } = listening.getHost();
  return {
    address: showAddress(address, realPort),
    stop: () => listening.stopListening(),
    cut: () => listening.server.shutdown({ deadline: 0 }),
  };
}
