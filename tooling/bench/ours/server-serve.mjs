// Ours for the server jobs over TCP: `serve` with an async function. Argument: how many lines a connection has.
import { serve } from "../../../packages/socketserver/dist/index.js";
import { announce } from "../lib/serving.mjs";

const lines = Number(process.argv[2] ?? Infinity);

const server = await serve(
  async (connection) => {
    for (let left = lines; left > 0; left--) {
      const line = await connection.readLine();
      if (line === undefined) return;
      await connection.writeLine(line);
    }
  },
  { host: "127.0.0.1" },
);
announce(server.address.address, server.address.port);
