// Ours for the server jobs over TCP: ThreadingTCPServer. Argument: how many lines a connection has.
import { StreamRequestHandler, ThreadingTCPServer } from "../../../packages/socketserver/dist/index.js";
import { announce } from "../lib/serving.mjs";

const lines = Number(process.argv[2] ?? Infinity);

class Echo extends StreamRequestHandler {
  async handle() {
    for (let left = lines; left > 0; left--) {
      const line = await this.rfile.readLine();
      if (line === undefined) return;
      await this.wfile.writeLine(line);
    }
  }
}

const server = new ThreadingTCPServer(["127.0.0.1", 0], Echo);
await server.listen();
announce(...server.serverAddress);
await server.serveForever();
