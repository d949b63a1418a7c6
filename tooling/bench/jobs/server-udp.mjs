// Job `server-udp`: each datagram is answered with itself.
import { atLeast } from "../lib/bars.mjs";
import { buildLoad } from "../lib/load.mjs";
import { servedVariant } from "../lib/served.mjs";

/** Sockets with one datagram each, not one socket with many: so each answer can be checked, in whatever order. */
const inFlight = 16;

/** `count` is the full number of datagrams: slow ones get fewer. */
const servers = [
  { key: "ours", name: "ours, `UDPServer`", server: ["ours/server-datagram.mjs"], count: 200_000 },
  {
    key: "udp",
    name: "Python `UDPServer`",
    server: ["peers/server_socketserver.py", "UDPServer"],
    count: 200_000,
  },
  {
    key: "threading",
    name: "Python `ThreadingUDPServer`",
    server: ["peers/server_socketserver.py", "ThreadingUDPServer"],
    count: 10_000,
  },
  { key: "dgram", name: "bare `node:dgram`", server: ["peers/server-dgram.mjs"], count: 200_000 },
];

async function prepare({ scale, folder }) {
  const load = buildLoad(folder);
  return {
    size: `datagrams of 32 bytes, ${inFlight} in flight; ${load.text}`,
    variants: servers.map((server) => {
      const each = Math.round((server.count * scale) / inFlight);
      const rate = { amount: each * inFlight, unit: "datagrams" };
      return servedVariant(server, load.on("datagrams", inFlight, 1, each), rate);
    }),
    bars: [atLeast(0.8, "udp"), atLeast(15, "threading")],
  };
}

export const serverUdp = { name: "server-udp", prepare };
