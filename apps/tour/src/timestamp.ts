// Fourth stop: the timestamp server of the books in the three styles of @netcli/socketserver, and timestamp-client.
import {
  Factory,
  LineReceiver,
  listenTCP,
  serve,
  serveDatagram,
  StreamRequestHandler,
  ThreadingTCPServer,
} from "@netcli/socketserver";
import { expect, heading, run } from "./narrate.ts";

const program = import.meta.resolve("timestamp-client/dist/main.js");

/** A server that listens on this port until it is stopped. */
interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

function stamp(line: string): string {
  return `[${new Date().toISOString()}] ${line}`;
}

class TimestampHandler extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile.lines()) await this.wfile.writeLine(stamp(line));
  }
}

async function handlers(): Promise<Running> {
  const server = new ThreadingTCPServer(["127.0.0.1", 0], TimestampHandler);
  await server.listen();
  const serving = server.serveForever();
  const stop = async (): Promise<void> => {
    await server.shutdown();
    await server.serverClose();
    await serving;
  };
  return { port: server.serverAddress[1], stop };
}

async function asyncFunction(): Promise<Running> {
  const server = await serve(async (connection) => {
    for await (const line of connection.lines()) await connection.writeLine(stamp(line));
  });
  return { port: server.address.port, stop: () => server.shutdown() };
}

class TimestampProtocol extends LineReceiver {
  override lineReceived(line: string): void {
    this.sendLine(stamp(line));
  }
}

async function protocols(): Promise<Running> {
  const listening = await listenTCP(0, Factory.forProtocol(TimestampProtocol));
  return { port: listening.getHost().port, stop: () => listening.stopListening() };
}

async function datagrams(): Promise<Running> {
  const server = await serveDatagram((data) => stamp(Buffer.from(data).toString("utf8")));
  return { port: server.address.port, stop: () => server.shutdown() };
}

const stops = [
  { style: "handler classes, as in Python's socketserver", start: handlers, args: [] },
  { style: "one async function", start: asyncFunction, args: [] },
  { style: "a protocol and a factory, as in Twisted", start: protocols, args: [] },
  { style: "a function for each datagram", start: datagrams, args: ["--udp"] },
];

export async function timestamps(): Promise<void> {
  for (const { style, start, args } of stops) {
    heading(`Timestamp server: ${style}`);
    const server = await start();
    const where = [...args, "127.0.0.1", String(server.port)];
    try {
      for (const line of ["hello", "Grüße"]) {
        const { code, stdout } = await run("timestamp-client", program, ["--message", line, ...where]);
        expect(code === 0, "the program says it succeeded");
        expect(stdout.endsWith(`Z] ${line}\n`), "the answer is the time and the line");
      }
    } finally {
      await server.stop();
    }
    const { code } = await run("timestamp-client", program, ["--message", "anyone", ...where]);
    expect(code === 3, "a server that was stopped is gone");
  }
}
