// EXTERNAL (RFC 4422 A): who the client is was found out elsewhere. ANONYMOUS (RFC 4505): it does not matter.
import { firstOf, type ServerMechanism } from "./mechanism.ts";

export const external: ServerMechanism = async (exchange) => {
  const authzid = (await firstOf(exchange)).toString("utf8");
  const { external: user } = exchange.options;
  return authzid === "" || authzid === user ? user : undefined;
};

export const anonymous: ServerMechanism = async (exchange) => {
  await firstOf(exchange);
  return exchange.options.anonymous;
};
