// Runs Postfix's smtp-sink on a free loopback port until stdin ends. Arguments: the program, where its libraries are.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const [program, libraries] = process.argv.slice(2);
const host = "127.0.0.1";
const backlog = 128;

async function freePort() {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** It does not tell when it listens, so that there is nothing to do but to try. */
async function greeting(port) {
  for (;;) {
    const socket = connect({ host, port });
    try {
      await once(socket, "data");
      return;
    } catch {
      await pause(20);
    } finally {
      socket.destroy();
    }
  }
}

const port = await freePort();
// It does not want to be root.
const user = process.getuid() === 0 ? ["-u", "nobody"] : [];
const server = spawn(program, [...user, `${host}:${port}`, String(backlog)], {
  env: { ...process.env, LD_LIBRARY_PATH: libraries },
  stdio: ["ignore", 2, 2],
});
server.on("error", () => process.exit(1));
server.on("exit", () => process.exit(1));
process.on("exit", () => server.kill("SIGKILL"));
await greeting(port);
console.log(JSON.stringify({ host, port }));
process.stdin.resume().once("end", () => process.exit(0));
