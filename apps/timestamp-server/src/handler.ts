// The handlers of the style `handler`, in a module of their own: worker processes import it.
import { decodeText } from "@netcli/core-transport";
import { DatagramRequestHandler, StreamRequestHandler } from "@netcli/socketserver";
import { logConnection, logDatagram } from "./log.ts";
import { stamp } from "./timestamp.ts";

/** Answers the lines of a connection. */
export class TimestampHandler extends StreamRequestHandler {
  static readonly module: string = import.meta.url;

  override async handle(): Promise<void> {
    logConnection(this.clientAddress);
    // Not `writeLine`: it refuses the control characters that a line may hold.
    for await (const line of this.rfile.lines()) await this.wfile.write(`${stamp(line)}\r\n`);
  }
}

/** Answers a datagram. */
export class TimestampDatagramHandler extends DatagramRequestHandler {
  static readonly module: string = import.meta.url;

  override handle(): void {
    logDatagram(this.clientAddress);
    this.wfile.write(stamp(decodeText(Buffer.from(this.packet))));
  }
}
