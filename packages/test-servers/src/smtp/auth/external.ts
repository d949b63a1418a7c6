// EXTERNAL (RFC 4422 A): who the client is was found out elsewhere.
import { firstOf, type ServerMechanism } from "./mechanism.ts";

export const external: ServerMechanism = async (exchange) => {
  const authzid = (await firstOf(exchange)).toString("utf8");
  const { external: user } = exchange.options;
  return authzid === "" || authzid === user ? user : undefined;
};
