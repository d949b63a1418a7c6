// Runs vsftpd in the foreground on a free loopback port.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { leftover } from "./leftovers.mjs";
import { Skipped } from "./skipped.mjs";

const startLimitMs = 10_000;
const attempts = 5;
let count = 0;

/** What all servers have in common: everybody sees the folder `served` and can change nothing. */
const common = ({ served, empty, identity }) => ({
  background: "NO",
  connect_from_port_20: "NO",
  anonymous_enable: "YES",
  anon_root: served,
  local_enable: "YES",
  local_root: served,
  chroot_local_user: "YES",
  // What Debian does with services it has no file for: any user of the system, whatever the shell.
  pam_service_name: "other",
  secure_chroot_dir: empty,
  // Containers do not let it have these.
  seccomp_sandbox: "NO",
  isolate: "NO",
  isolate_network: "NO",
  delay_failed_login: "0",
  utf8_filesystem: "YES",
  xferlog_enable: "NO",
  ssl_enable: "YES",
  ssl_tlsv1: "YES",
  ssl_ciphers: "HIGH",
  allow_anon_ssl: "YES",
  force_local_logins_ssl: "YES",
  force_local_data_ssl: "YES",
  require_ssl_reuse: "YES",
  rsa_cert_file: identity,
  rsa_private_key_file: identity,
});

/**
 * Starts a server on `host` with these settings beside the common ones; resolves to its port and a way to end
 * it with all its sessions.
 */
export async function startVsftpd(place, host, settings = {}) {
  for (let attempt = 1; ; attempt += 1) {
    // vsftpd does not know port 0, so that another program may be faster.
    const port = await freePort(host);
    const listen = host.includes(":")
      ? { listen: "NO", listen_ipv6: "YES", listen_address6: host }
      : { listen: "YES", listen_address: host };
    const lines = Object.entries({ ...common(place), ...listen, listen_port: port, ...settings });
    count += 1;
    const file = join(place.folder, `vsftpd-${count}.conf`);
    writeFileSync(file, lines.map(([key, value]) => `${key}=${value}\n`).join(""));
    const server = start(file);
    // With TLS from the start it would wait for our hello before it greets.
    const event = settings.implicit_ssl === "YES" ? "connect" : "data";
    const failure = await Promise.race([server.ended, answers(host, port, event)]);
    if (failure === undefined) return { host, port, stop: server.stop };
    server.stop();
    if (attempt === attempts || !/bind/.test(failure)) throw new Error(`vsftpd does not start: ${failure}`);
  }
}

function start(file) {
  // A process group of its own: each session is a process that outlives the listening one.
  const child = spawn("vsftpd", [file], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const stop = leftover(() => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // All of them have ended already.
    }
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", () => resolve(output.trim() || "it ended without a word"));
  });
  return { stop, ended };
}

async function freePort(host) {
  const server = createServer().listen(0, host);
  await once(server, "listening").catch((error) => {
    throw new Skipped(`this machine does not listen on ${host} (${error.code})`);
  });
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves to undefined when the server is there, and to a sentence when it is not in time. */
async function answers(host, port, event) {
  const signal = AbortSignal.timeout(startLimitMs);
  // It does not tell when it listens, so that there is nothing to do but to try.
  while (!signal.aborted) {
    const socket = connect({ host, port });
    try {
      await once(socket, event, { signal });
      return undefined;
    } catch {
      await pause(20);
    } finally {
      socket.destroy();
    }
  }
  return `no greeting within ${startLimitMs} ms`;
}
