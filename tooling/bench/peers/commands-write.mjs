// The naive way to pipeline in Node: one socket.write() per command.
import { measure } from "../lib/measure.mjs";
import { keepInFlight } from "../lib/window.mjs";
import { openReplyQueue } from "./reply-queue.mjs";

const [host, port, count, width] = process.argv.slice(2);
const { socket, expectReply } = await openReplyQueue(host, port);

function send() {
  socket.write("NOOP\r\n", "latin1");
  return expectReply();
}

await measure("items", () => keepInFlight(Number(width), Number(count), send));
