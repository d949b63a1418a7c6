// Ours for many small lines at a time: ThreadingTCPServer with a handler that reads all the lines that are there.
import { StreamRequestHandler, ThreadingTCPServer } from "../../../packages/socketserver/dist/index.js";
import { announce } from "../lib/serving.mjs";

class Echo extends StreamRequestHandler {
  async handle() {
    for (let lines; (lines = await this.rfile.readLines()) !== undefined;) {
      await this.wfile.write(`${lines.join("\r\n")}\r\n`);
    }
  }
}

const server = new ThreadingTCPServer(["127.0.0.1", 0], Echo);
await server.listen();
announce(...server.serverAddress);
await server.serveForever();
