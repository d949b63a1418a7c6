// Ours for the job `server-workers`: ForkingTCPServer. Arguments: number of workers, steps to compute per line.
import { ForkingTCPServer } from "../../../packages/socketserver/dist/index.js";
import { announce } from "../lib/serving.mjs";
import { ComputingEcho } from "./computing-handler.mjs";

const [workers, steps] = process.argv.slice(2);
// Workers inherit the environment.
process.env.BENCH_STEPS = steps;
const server = new ForkingTCPServer(["127.0.0.1", 0], ComputingEcho);
server.maxChildren = Number(workers);
await server.listen();
announce(...server.serverAddress);
await server.serveForever();
