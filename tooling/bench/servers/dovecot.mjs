// Runs Dovecot on a free loopback port until stdin ends. Arguments: where it is unpacked, the folder of `makeMaildrop()`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { selfSigned } from "../../../packages/test-kit/dist/index.js";
import { MailView } from "../../interop/lib/mail-view.mjs";
import { dovecot } from "../../interop/servers/dovecot.mjs";
import { owner, rootOf } from "../lib/maildrop.mjs";

const [tree, folder] = process.argv.slice(2);
const host = "127.0.0.1";
// Nobody and nogroup, on Debian.
const account = { uid: 65_534, gid: 65_534 };

async function freePort() {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The command that runs it on that port. */
function commandFor(port) {
  const own = join(folder, "dovecot");
  mkdirSync(own, { mode: 0o755 });
  const note = (name, text) => {
    const file = join(own, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const place = { folder: own, account, note };
  const view = new MailView(tree, place, { users: dovecot.users() });
  const mailboxes = { names: [owner.user], password: owner.password, root: rootOf(folder) };
  // It wants to have one even where nobody asks for TLS.
  const { key, cert } = selfSigned();
  const identity = note("identity.pem", key + cert);
  const wanted = { host, port, tls: "none", service: "pop3" };
  return view.command(dovecot.program, dovecot.args(wanted, { folder: own, place, mailboxes, identity }));
}

/** One session, with which it learns what there is. It does not tell when it listens: there is nothing but to try. */
async function listAll(port) {
  const commands = [`USER ${owner.user}`, `PASS ${owner.password}`, "LIST", "UIDL", "QUIT", ""];
  for (;;) {
    const socket = connect({ host, port });
    try {
      await once(socket, "connect");
      socket.write(commands.join("\r\n"));
      let said = "";
      for await (const chunk of socket.setEncoding("latin1")) said += chunk;
      if (said.includes("\n-ERR")) throw new Error(`Dovecot says ${said.slice(0, 500)}`);
      return;
    } catch (error) {
      if (error.code !== "ECONNREFUSED") throw error;
      await pause(20);
    } finally {
      socket.destroy();
    }
  }
}

const port = await freePort();
const { program, args, env } = commandFor(port);
// A process group of its own: it has several processes.
const server = spawn(program, args, { env, detached: true, stdio: ["ignore", 2, 2] });
server.on("exit", () => process.exit(1));
process.on("exit", () => {
  if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGKILL");
});
await listAll(port);
console.log(JSON.stringify({ host, port }));
process.stdin.resume().once("end", () => process.exit(0));
