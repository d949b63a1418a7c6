// An SMTP server over TLS that counts how often a client waits for it. Argument: the file of its key and certificate.
// Asked for "flights", it says how many there were from the connect to the reply to each message, and starts anew.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { createServer as createTlsServer } from "node:tls";

const identity = readFileSync(process.argv[2], "latin1");
const host = "127.0.0.1";
/** Who says nothing for so long is waiting: what he would have sent without an answer is all there. */
const quietMs = 50;
const end = "\r\n.\r\n";

let flights = 0;
let marks = [];

const replies = {
  EHLO: "250-flights.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES\r\n",
  AUTH: "235 2.7.0 welcome\r\n",
  DATA: "354 go ahead\r\n",
};

/** Answers what came, and keeps what is not yet whole. */
function talk(socket) {
  let rest = "";
  let inMessage = false;
  const takeLine = () => {
    const [line] = rest.split("\r\n", 1);
    rest = rest.slice(line.length + 2);
    const verb = line.slice(0, 4).toUpperCase();
    inMessage = verb === "DATA";
    socket.write(replies[verb] ?? "250 2.0.0 fine\r\n");
  };
  const takeMessage = () => {
    rest = rest.slice(rest.indexOf(end) + end.length);
    inMessage = false;
    marks.push(flights);
    socket.write("250 2.0.0 taken\r\n");
  };
  socket.on("data", (text) => {
    rest += text;
    while (rest.includes(inMessage ? end : "\r\n")) (inMessage ? takeMessage : takeLine)();
  });
}

/** Holds back what a client sends until it waits. Its connect is the first flight. */
function count(client, port) {
  flights = 1;
  marks = [];
  const server = connect({ host, port });
  let held = [];
  const pass = () => {
    flights++;
    server.write(Buffer.concat(held));
    held = [];
  };
  let timer;
  client.on("data", (chunk) => {
    held.push(chunk);
    clearTimeout(timer);
    timer = setTimeout(pass, quietMs);
  });
  server.pipe(client);
  client.on("close", () => {
    clearTimeout(timer);
    server.destroy();
  });
}

async function listen(server) {
  await once(server.listen(0, host), "listening");
  return server.address().port;
}

const options = { key: identity, cert: identity, minVersion: "TLSv1.3" };
const inner = createTlsServer(options, (socket) => {
  talk(socket.setEncoding("latin1"));
  // A client that was ended: the runner reports it.
  socket.on("error", () => {});
  socket.write("220 flights.example ESMTP\r\n");
});
const innerPort = await listen(inner);
const outer = createServer((client) => {
  client.on("error", () => {});
  count(client.setNoDelay(true), innerPort);
});
console.log(JSON.stringify({ host, port: await listen(outer) }));
createInterface(process.stdin)
  .on("line", () => console.log(JSON.stringify(marks)))
  .on("close", () => process.exit(0));
