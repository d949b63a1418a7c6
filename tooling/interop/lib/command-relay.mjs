// A relay for the control connections to a server: what it does with commands no server can be told to do. Not for TLS.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";

function linesOf(socket) {
  const input = socket.pipe(new PassThrough({ encoding: "latin1" }));
  return createInterface({ input, crlfDelay: Infinity });
}

/** Starts a relay; `forward` passes on the lines of a client to the server. What comes back is where it is. */
async function startRelay({ host, port }, forward) {
  const relay = createServer((client) => {
    const server = connect({ host, port });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ]) {
      one.once("error", () => other.destroy());
      one.once("close", () => other.destroy());
    }
    server.pipe(client);
    const lines = linesOf(client).once("close", () => server.end());
    forward(lines, server);
  });
  relay.listen(0, host);
  await once(relay, "listening");
  return { host, port: relay.address().port, stop: () => relay.close() };
}

/** The server as one that does not know some commands. */
export async function withoutCommands(server, verbs) {
  // What has no such name is refused in the server's own words, and in turn.
  const known = (line) => (verbs.includes(line.split(" ", 1)[0]) ? "XNONE" : line);
  const relay = await startRelay(server, (lines, socket) => {
    lines.on("line", (line) => socket.write(`${known(line)}\r\n`, "latin1"));
  });
  const stop = () => {
    relay.stop();
    server.stop();
  };
  return { ...relay, stop };
}

/** The server as one that is far away: what follows a transfer's command reaches it when the transfer has begun. */
export function fromAfar(server) {
  return startRelay(server, (lines, socket) => {
    const waiting = [];
    let isHeld = false;
    const send = () => {
      while (!isHeld && waiting.length > 0) {
        const line = waiting.shift();
        isHeld = /^(?:RETR|STOR) /.test(line);
        socket.write(`${line}\r\n`, "latin1");
      }
    };
    lines.on("line", (line) => {
      waiting.push(line);
      send();
    });
    linesOf(socket).on("line", (line) => {
      // It has begun, or will not.
      if (/^[1-5]\d\d /.test(line)) isHeld = false;
      send();
    });
  });
}
