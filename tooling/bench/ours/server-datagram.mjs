// Ours for the job `server-udp`: UDPServer.
import { DatagramRequestHandler, UDPServer } from "../../../packages/socketserver/dist/index.js";
import { announce } from "../lib/serving.mjs";

class EchoDatagram extends DatagramRequestHandler {
  async handle() {
    this.wfile.write(this.packet);
  }
}

const server = new UDPServer(["127.0.0.1", 0], EchoDatagram);
await server.listen();
announce(...server.serverAddress);
await server.serveForever();
