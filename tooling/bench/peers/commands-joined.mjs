// The bare best in Node: commands joined in one string and written once per microtask.
import { measure } from "../lib/measure.mjs";
import { keepInFlight } from "../lib/window.mjs";
import { openReplyQueue } from "./reply-queue.mjs";

const [host, port, count, width] = process.argv.slice(2);
const { socket, expectReply } = await openReplyQueue(host, port);
let unwritten = "";

function flush() {
  socket.write(unwritten, "latin1");
  unwritten = "";
}

function send() {
  if (unwritten === "") queueMicrotask(flush);
  unwritten += "NOOP\r\n";
  return expectReply();
}

await measure("items", () => keepInFlight(Number(width), Number(count), send));
