// Child process that runs npm's ftp-srv for startFtpSrv(): it takes its options by IPC message, answers with
// its port, and ends when its parent does. A process of its own, because ftp-srv takes over SIGINT and SIGTERM
// and keeps listeners and timers after close(). Plain JavaScript, because Node.js 20 can't run TypeScript.
import { FtpSrv } from "ftp-srv";

const host = "127.0.0.1";
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => silent };

process.once("disconnect", () => process.exit(0));
// The parent may have ended before the line above ran; the event would be gone by now.
if (!process.connected) process.exit(0);

process.once("message", (options) => {
  // No rejection handler, on purpose: the process then ends with code 1 and the reason on stderr.
  void start(options).then((port) => process.send({ port }));
});

/** Listens on a free port of the loopback address and returns it. */
async function start({ root, users, anonymous, tls, implicitTls, greeting }) {
  const server = new FtpSrv({
    // Port 0: the system picks a free one, so servers that start at the same moment never collide.
    url: `${implicitTls ? "ftps" : "ftp"}://${host}:0`,
    pasv_url: host,
    anonymous,
    tls: tls ?? false,
    greeting,
    log: silent,
  });
  // ftp-srv would probe ports upwards from 1024 and listen later, which hangs when two servers meet on one.
  server.getNextPasvPort = () => Promise.resolve(0);
  server.on("login", ({ username, password }, resolve, reject) => {
    // ftp-srv itself has compared the name "anonymous", and gives that login without waiting for PASS.
    const known =
      (anonymous && username === "anonymous") ||
      users.some((user) => user.name === username && user.password === password);
    if (known) resolve({ root });
    else reject(new Error("Login incorrect"));
  });
  await server.listen();
  return server.server.address().port;
}
