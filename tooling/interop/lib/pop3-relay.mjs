// A relay to a POP3 server that cuts connections, each at a place of its own.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Starts a relay. Each of `cuts` is for one connection, and those behind them are left alone: `behind` so many bytes of
 * the server; or at QUIT, which the server does not get (`quit: "lost"`), or whose answer we do not (`"unanswered"`).
 */
export async function cuttingRelay({ host, port }, cuts) {
  const left = [...cuts];
  const relay = createServer((client) => {
    const server = connect({ host, port });
    const { behind = Infinity, quit } = left.shift() ?? {};
    let bytes = 0;
    let isQuitting = false;
    const cut = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.once("error", cut).once("close", cut);
    client.on("data", (chunk) => {
      isQuitting ||= chunk.toString("latin1").endsWith("QUIT\r\n");
      if (isQuitting && quit === "lost") cut();
      else server.write(chunk);
    });
    server.on("data", (chunk) => {
      const room = behind - bytes;
      bytes += chunk.length;
      if (isQuitting && quit === "unanswered") cut();
      else if (chunk.length >= room) client.write(chunk.subarray(0, room), cut);
      else client.write(chunk);
    });
  });
  relay.listen(0, host);
  await once(relay, "listening");
  return { host, port: relay.address().port, stop: () => relay.close() };
}
