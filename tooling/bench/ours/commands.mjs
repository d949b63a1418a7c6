// Ours for the job `commands`: ReplyPipeline. Arguments: host, port, number of commands, how many in flight.
import {
  commandLine,
  connect,
  parseCode,
  ReplyPipeline,
} from "../../../packages/core-transport/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { keepInFlight } from "../lib/window.mjs";

const [host, port, count, width] = process.argv.slice(2);
const codeReplies = {
  isLast: (line) => line[3] !== "-",
  parse: (lines) => ({ code: parseCode(lines[0]), lines, text: lines[0].slice(4) }),
};
const connection = await connect({ host, port: Number(port) });
const pipeline = new ReplyPipeline(connection, codeReplies);
const noop = commandLine("NOOP");

await measure("items", () => keepInFlight(Number(width), Number(count), () => pipeline.command(noop)));
