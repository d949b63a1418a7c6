// Runs vsftpd on a free loopback port until stdin ends. Argument: the folder of `makeFtpPlace()`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [folder] = process.argv.slice(2);
const host = "127.0.0.1";

/** Anybody may log in and do what he likes below the folders that any user may write. */
const settings = (port) => ({
  background: "NO",
  listen: "YES",
  listen_address: host,
  listen_port: port,
  connect_from_port_20: "NO",
  anonymous_enable: "YES",
  anon_root: join(folder, "served"),
  anon_world_readable_only: "NO",
  anon_upload_enable: "YES",
  anon_mkdir_write_enable: "YES",
  anon_other_write_enable: "YES",
  write_enable: "YES",
  secure_chroot_dir: join(folder, "empty"),
  // Containers do not let it have these.
  seccomp_sandbox: "NO",
  isolate: "NO",
  isolate_network: "NO",
  utf8_filesystem: "YES",
  xferlog_enable: "NO",
  ssl_enable: "YES",
  ssl_tlsv1: "YES",
  ssl_ciphers: "HIGH",
  allow_anon_ssl: "YES",
  require_ssl_reuse: "YES",
  rsa_cert_file: join(folder, "identity.pem"),
  rsa_private_key_file: join(folder, "identity.pem"),
});

async function freePort() {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** vsftpd does not tell when it listens, so that there is nothing to do but to try. */
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
const file = join(folder, "vsftpd.conf");
const lines = Object.entries(settings(port)).map(([key, value]) => `${key}=${value}\n`);
writeFileSync(file, lines.join(""));
// A process group of its own: each session is a process that outlives the listening one.
const server = spawn("vsftpd", [file], { detached: true, stdio: ["ignore", 2, 2] });
server.on("exit", () => process.exit(1));
process.on("exit", () => {
  if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGKILL");
});
await greeting(port);
console.log(JSON.stringify({ host, port }));
process.stdin.resume().once("end", () => process.exit(0));
