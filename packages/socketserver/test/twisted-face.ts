// What the tests of the Twisted face have in common: factories of protocols that note what happens to them.
import { connect, type Connection } from "@netcli/core-transport";
import { gate } from "@netcli/test-kit";
import { Factory, type ListeningPort, listenTCP, type ListenTCPOptions, Protocol } from "../src/index.ts";

/** A connection that was lost, and why. */
export interface Loss {
  readonly reason: Error | undefined;
}

/** Notes how its connection ends; `lost` opens when it does. */
export class NotingProtocol extends Protocol {
  readonly losses: Loss[] = [];
  readonly #lost = gate();

  get lost(): Promise<void> {
    return this.#lost.opened;
  }

  override connectionLost(reason: Error | undefined): void {
    this.losses.push({ reason });
    this.#lost.open();
  }
}

/** A port whose protocols these are; the first one is `protocol`, as soon as it is made. */
export interface Stage<P extends Protocol> extends AsyncDisposable {
  readonly port: ListeningPort;
  readonly protocols: P[];
  /** What the server was told of as an error. */
  readonly errors: unknown[];
  client(): Promise<Connection>;
  /** The protocol that was made last. */
  protocol(): P;
}

export async function stage<P extends Protocol>(
  make: () => P,
  options: ListenTCPOptions = {},
): Promise<Stage<P>> {
  const protocols: P[] = [];
  const errors: unknown[] = [];
  const factory = new Factory<P>();
  factory.buildProtocol = () => {
    const protocol = make();
    protocols.push(protocol);
    return protocol;
  };
  const port = await listenTCP(0, factory, { onError: (error) => void errors.push(error), ...options });
  const { address: host, port: number } = port.getHost();
  return {
    port,
    protocols,
    errors,
    client: () => connect({ host, port: number }),
    protocol: () => {
      const protocol = protocols.at(-1);
      if (protocol === undefined) throw new Error("nobody has connected yet");
      return protocol;
    },
    [Symbol.asyncDispose]: () => port.stopListening({ deadline: 1_000 }),
  };
}

/** What a client gets that says this and ends its side. */
export async function tell({ client }: Pick<Stage<Protocol>, "client">, text: string): Promise<string> {
  await using connection = await client();
  await connection.write(text);
  connection.end();
  return await connection.readToEnd().text();
}
