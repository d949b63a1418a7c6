// The floor for UDP servers in Node: bare node:dgram.
import { createSocket } from "node:dgram";
import { announce } from "../lib/serving.mjs";

const socket = createSocket("udp4");
socket.on("message", (datagram, { address, port }) => socket.send(datagram, port, address));
socket.bind(0, "127.0.0.1", () => announce("127.0.0.1", socket.address().port));
