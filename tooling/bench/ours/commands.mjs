// Ours for the job `commands`: ReplyPipeline. Arguments: host, port, number of commands, how many in flight.
import {
  commandLine,
  connect,
  numericReplies,
  ReplyPipeline,
} from "../../../packages/core-transport/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { keepInFlight } from "../lib/window.mjs";

const [host, port, count, width] = process.argv.slice(2);
const connection = await connect({ host, port: Number(port), tls: false });
const pipeline = new ReplyPipeline(connection, numericReplies, { window: Number(width) });

await measure("items", () =>
  keepInFlight(Number(width), Number(count), () => pipeline.command(commandLine("NOOP"))),
);
