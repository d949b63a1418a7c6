// What the tests of the Python face have in common: servers that note what went wrong, and clients that ask.
import { connect, type Connection, openDatagram } from "@netcli/core-transport";
import {
  type ClientAddress,
  type RequestHandlerClass,
  type StreamServerOptions,
  TCPServer,
  UDPServer,
  type DatagramRequest,
} from "../src/index.ts";

/** Where tests listen. */
export const anywhere = ["127.0.0.1", 0] as const;

interface Serving {
  readonly serverAddress: readonly [string, number] | string;
  listen(): Promise<void>;
  serveForever(): Promise<void>;
}

/** Puts it on its address and lets it serve; `await using` ends it. */
export async function started<S extends Serving>(server: S): Promise<S> {
  await server.listen();
  void server.serveForever();
  return server;
}

export function connectTo({ serverAddress }: Pick<Serving, "serverAddress">): Promise<Connection> {
  if (typeof serverAddress === "string") return connect({ path: serverAddress });
  const [host, port] = serverAddress;
  return connect({ host, port });
}

/** What a client gets who says this and ends its side. */
export async function ask(server: Pick<Serving, "serverAddress">, text: string): Promise<string> {
  await using client = await connectTo(server);
  await client.write(text);
  client.end();
  return await client.readToEnd().text();
}

/** What a client gets who sends this datagram. */
export async function askByDatagram(
  { serverAddress: [host, port] }: { readonly serverAddress: ClientAddress },
  text: string,
): Promise<string> {
  await using client = await openDatagram({ peer: { host, port } });
  await client.send(text);
  const { data } = await client.receive({ timeout: 5_000 });
  return Buffer.from(data).toString();
}

/** Serves one connection at a time, and keeps what `handleError` is told. */
export class NotingTCPServer extends TCPServer {
  readonly errors: unknown[] = [];

  constructor(Handler: RequestHandlerClass<Connection>, options?: StreamServerOptions) {
    super(anywhere, Handler, options);
  }

  override handleError(_request: Connection | undefined, _from: ClientAddress, error: unknown): void {
    this.errors.push(error);
  }
}

/** Serves one datagram at a time, and keeps what `handleError` is told. */
export class NotingUDPServer extends UDPServer {
  readonly errors: unknown[] = [];

  constructor(Handler: RequestHandlerClass<DatagramRequest>) {
    super(anywhere, Handler);
  }

  override handleError(_request: DatagramRequest | undefined, _from: ClientAddress, error: unknown): void {
    this.errors.push(error);
  }
}
