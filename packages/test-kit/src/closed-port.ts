// For tests of connections that are refused.
import { createServer } from "node:net";
import { listen } from "./loopback.ts";

/** A port of a loopback address on which nothing listens. */
export async function closedPort(host: string = "127.0.0.1"): Promise<number> {
  const server = createServer();
  const { port } = await listen(server, { host });
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
