// The load for the server jobs where load.c cannot be built: the same arguments, checks and result.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { PatternStream } from "./pattern.mjs";

const [job, host, ...numbers] = process.argv.slice(2);
const [port, width, window, count] = numbers.map(Number);
const patienceMs = 20_000;

const range = (length) => Array.from({ length }, (_, number) => number);

function open() {
  const socket = connect({ host, port, noDelay: true });
  return socket.setTimeout(patienceMs, () => socket.destroy(new Error("no answer for 20 s")));
}

/** Sends and checks until the goal is reached, without waiting for the close. */
async function exchange(socket, stream) {
  await new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed too early")));
    socket.on("data", (chunk) => {
      stream.take(chunk);
      if (stream.answered) resolve();
      else socket.write(stream.next(window));
    });
    socket.write(stream.next(window));
  });
}

/** The clock stops at the last answer; then each server must still close, and send nothing more. */
async function echo(clock) {
  const sockets = range(width).map(open);
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  clock.start();
  await Promise.all(sockets.map((socket, number) => exchange(socket, new PatternStream(number, count))));
  clock.stop();
  await Promise.all(sockets.map((socket) => once(socket.end(), "close")));
  return width * count;
}

async function exchangeDatagrams(socket, stream) {
  let timer;
  await new Promise((resolve, reject) => {
    socket.on("error", reject);
    timer = setTimeout(() => reject(new Error("no answer for 20 s")), patienceMs);
    socket.on("message", (datagram) => {
      timer.refresh();
      stream.take(datagram);
      if (stream.answered) resolve();
      else socket.send(stream.next(window));
    });
    socket.send(stream.next(window));
  });
  clearTimeout(timer);
}

async function datagrams(clock) {
  const sockets = range(width).map(() => createSocket("udp4"));
  for (const socket of sockets) {
    socket.connect(port, host);
    await once(socket, "connect");
  }
  clock.start();
  await Promise.all(
    sockets.map((socket, number) => exchangeDatagrams(socket, new PatternStream(number, count))),
  );
  clock.stop();
  return width * count;
}

async function connectEach(clock) {
  let started = 0;
  async function loop() {
    while (started < count) {
      const stream = new PatternStream(started++, 1);
      const socket = open();
      const closed = once(socket, "close");
      await exchange(socket, stream);
      await closed;
    }
  }
  clock.start();
  await Promise.all(range(width).map(loop));
  clock.stop();
  return started;
}

async function idle(clock) {
  clock.start();
  for (const number of range(width)) {
    const socket = open();
    await exchange(socket, new PatternStream(number, 1));
    socket.setTimeout(0);
  }
  clock.stop();
  return width;
}

const jobs = { echo, datagrams, connect: connectEach, idle };
const clock = {
  start: () => (clock.before = performance.now()),
  stop: () => (clock.seconds = (performance.now() - clock.before) / 1000),
};
const items = await jobs[job](clock);
const line = `${JSON.stringify({ seconds: clock.seconds, items })}\n`;
if (job === "idle") {
  process.stdout.write(line);
  process.stdin.resume().once("end", () => process.exit(0));
} else {
  process.stdout.write(line, () => process.exit(0));
}
