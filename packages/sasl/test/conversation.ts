// Messages as text, and a whole exchange with a SCRAM server without a network between.
import type { Mechanism } from "../src/index.ts";
import type { ScramServer } from "./scram-server.ts";

export function bytes(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

/** What a mechanism says first, as text; undefined is nothing, and not an empty message. */
export async function begin(mechanism: Mechanism): Promise<string | undefined> {
  const initial = await mechanism.start();
  return initial === undefined ? undefined : Buffer.from(initial).toString("utf8");
}

export async function respond(mechanism: Mechanism, challenge: string): Promise<string> {
  return Buffer.from(await mechanism.next(bytes(challenge))).toString("utf8");
}

/** What may be done to the server's messages on their way. */
export interface Tampering {
  readonly first?: (message: string) => string;
  readonly final?: (message: string) => string;
}

/** From the first message up to the server's acceptance. Resolves to all four messages. */
export async function converse(
  mechanism: Mechanism,
  server: ScramServer,
  { first = (message) => message, final = (message) => message }: Tampering = {},
): Promise<readonly string[]> {
  const clientFirst = (await begin(mechanism)) ?? "";
  const serverFirst = first(server.first(clientFirst));
  const clientFinal = await respond(mechanism, serverFirst);
  const serverFinal = final(server.final(clientFinal));
  await respond(mechanism, serverFinal);
  await mechanism.done(undefined);
  return [clientFirst, serverFirst, clientFinal, serverFinal];
}
