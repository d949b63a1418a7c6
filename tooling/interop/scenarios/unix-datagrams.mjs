// Servers of Unix datagrams with the package unix-dgram, against its own client and against Python's sockets.
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";

const burst = 2_000;

/** A client with a path of its own, to which answers come. */
async function openClient(run, name) {
  const { default: unix } = await run.load("unix-dgram");
  const waiting = [];
  const received = [];
  const socket = unix.createSocket("unix_dgram", (data) => {
    const take = waiting.shift();
    if (take === undefined) received.push(data.toString());
    else take(data.toString());
  });
  let failure;
  socket.on("error", (error) => {
    failure = error;
  });
  socket.bind(run.path(name));
  if (failure !== undefined) throw failure;
  run.ending(() => socket.close());
  const trySend = (bytes, path) => {
    let error;
    socket.send(bytes, 0, bytes.length, path, (cause) => {
      error = cause;
    });
    return error;
  };
  return {
    path: run.path(name),
    /** Waits while the server's queue is full. */
    async send(text, path) {
      const bytes = Buffer.from(text);
      for (;;) {
        const error = trySend(bytes, path);
        if (error === undefined) return;
        // EAGAIN of Linux.
        if (error.code !== -11) throw error;
        await new Promise(setImmediate);
      }
    },
    receive: () =>
      new Promise((resolve) => {
        const text = received.shift();
        if (text === undefined) waiting.push(resolve);
        else resolve(text);
      }),
  };
}

/** The echo handler of the books. */
async function echoHandler(run) {
  const { DatagramRequestHandler } = await run.load("@netcli/socketserver");
  return class Echo extends DatagramRequestHandler {
    handle() {
      this.wfile.write(this.packet);
    }
  };
}

/** Puts a server of this class on a path; errors go to the log. */
async function startServer(run, name, Handler, path = run.path("server")) {
  const { [name]: Server } = await run.load("@netcli/socketserver");
  const server = new Server(path, Handler);
  server.handleError = (_request, [from], error) => run.log(`${name}, ${from}: ${error}`);
  await server.listen();
  const serving = server.serveForever();
  const close = async () => {
    await server[Symbol.asyncDispose]();
    await serving;
  };
  run.ending(close);
  return { server, path, close };
}

async function unixDatagramEcho(run) {
  for (const name of ["UnixDatagramServer", "ThreadingUnixDatagramServer"]) {
    const { server, path, close } = await startServer(run, name, await echoHandler(run));
    strictEqual(server.serverAddress, path);
    const client = await openClient(run, `client of ${name}`);
    for (const text of ["hello", "Grüße", "x".repeat(8_192)]) {
      await client.send(text, path);
      strictEqual(await client.receive(), text);
    }
    // Too large, and then one that is not.
    await client.send("x".repeat(8_193), path);
    await client.send("again", path);
    strictEqual(await client.receive(), "again");
    strictEqual(server.oversized, 1);
    await close();
    ok(!existsSync(path), "the file of the socket is still there");
  }
}

async function unixDatagramBurst(run) {
  const { server, path } = await startServer(run, "UnixDatagramServer", await echoHandler(run));
  const client = await openClient(run, "client");
  const texts = Array.from({ length: burst }, (_, number) => `datagram ${number}`);
  const sending = (async () => {
    for (const text of texts) await client.send(text, path);
  })();
  const answers = [];
  while (answers.length < burst) answers.push(await client.receive());
  await sending;
  deepStrictEqual(answers, texts);
  strictEqual(server.failedRequests, 0);
}

async function unixDatagramsInWorkers(run) {
  const module = run.module(
    "handler.mjs",
    `import { DatagramRequestHandler } from "@netcli/socketserver";
export class Pid extends DatagramRequestHandler {
  handle() {
    this.wfile.write(JSON.stringify([process.pid, this.server.serverAddress, this.clientAddress]));
  }
}
`,
  );
  // Here nothing else of the class is needed.
  const Pid = { name: "Pid", module };
  const { path } = await startServer(run, "ForkingUnixDatagramServer", Pid);
  const client = await openClient(run, "client");
  await client.send("hello", path);
  const [pid, ...known] = JSON.parse(await client.receive());
  ok(pid !== process.pid, "the handler ran in the server's own process");
  deepStrictEqual(known, [path, [client.path, 0]]);
}

async function serveDatagramAtAPath(run) {
  const { serveDatagram } = await run.load("@netcli/socketserver");
  const errors = [];
  const path = run.path("server");
  const server = await serveDatagram((data, [from]) => `${from}: ${data}`, {
    path,
    onError: (error) => errors.push(error.name),
  });
  run.ending(() => server.shutdown());
  deepStrictEqual(server.address, { address: path, port: 0 });
  const client = await openClient(run, "client");
  await client.send("hello", path);
  strictEqual(await client.receive(), `${client.path}: hello`);
  // A client that is gone, one that has no room for so much, one without a path.
  await rejects(server.send("x", [run.path("nobody"), 0]), { name: "ConnectError", systemCode: "ENOENT" });
  await rejects(server.send(new Uint8Array(1_000_000), [client.path, 0]), { name: "ArgumentError" });
  await rejects(server.send("x", ["", 0]), { name: "ArgumentError" });
  await server.shutdown();
  await rejects(server.send("x", [client.path, 0]), { name: "ConnectionClosedError" });
  ok(!existsSync(path), "the file of the socket is still there");
  deepStrictEqual(errors, []);
}

async function staleUnixDatagramSocket(run) {
  const { default: unix } = await run.load("unix-dgram");
  const Echo = await echoHandler(run);
  const path = run.path("server");
  // unix-dgram leaves its file behind, as a server does that is killed.
  const killed = unix.createSocket("unix_dgram");
  killed.bind(path);
  const live = { name: "ListenError", systemCode: "EADDRINUSE" };
  await rejects(startServer(run, "UnixDatagramServer", Echo, path), live);
  killed.close();
  ok(existsSync(path), "there is no stale file to replace");
  await startServer(run, "UnixDatagramServer", Echo, path);
  await rejects(startServer(run, "UnixDatagramServer", Echo, path), live);
  const client = await openClient(run, "client");
  await client.send("still here", path);
  strictEqual(await client.receive(), "still here");
  const plain = run.path("no socket");
  writeFileSync(plain, "");
  await rejects(startServer(run, "UnixDatagramServer", Echo, plain), live);
  ok(existsSync(plain), "a file that is no socket was removed");
  const nowhere = run.path("no such directory/socket");
  await rejects(startServer(run, "UnixDatagramServer", Echo, nowhere), {
    name: "ListenError",
    systemCode: "ENOENT",
  });
}

const pythonClient = `
import os, socket, sys, time

count = int(sys.argv[3])
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
    sock.settimeout(30)
    sock.bind(sys.argv[2])
    sock.sendto(b'', sys.argv[1])
    for number in range(count):
        sock.sendto(b'%d' % number, sys.argv[1])
    # The server has to wait: so many answers the kernel does not keep.
    time.sleep(0.2)
    print(all(sock.recv(100) == b'%d' % number for number in range(count)))
`;

async function pythonAsUnixDatagramClient(run) {
  const { server, path } = await startServer(run, "UnixDatagramServer", await echoHandler(run));
  strictEqual((await run.python(pythonClient, path, run.path("python"), "40")).trim(), "True");
  strictEqual(server.failedRequests, 0);
}

export const scenarios = [
  unixDatagramEcho,
  unixDatagramBurst,
  unixDatagramsInWorkers,
  serveDatagramAtAPath,
  staleUnixDatagramSocket,
  pythonAsUnixDatagramClient,
];
