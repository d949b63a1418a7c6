// The list of jobs, in the order in which they run.
import { block, blockDots } from "./block.mjs";
import { commands } from "./commands.mjs";
import { fileDown } from "./file-down.mjs";
import { fileUp } from "./file-up.mjs";
import { lines } from "./lines.mjs";
import { serverConnect } from "./server-connect.mjs";
import { serverEcho, serverEchoPipelined } from "./server-echo.mjs";
import { serverIdle } from "./server-idle.mjs";
import { serverUdp } from "./server-udp.mjs";
import { serverWorkers } from "./server-workers.mjs";
import { stuffing, stuffingRepair } from "./stuffing.mjs";

const client = [lines, commands, block, blockDots, fileDown, fileUp, stuffing, stuffingRepair];
const server = [serverEcho, serverEchoPipelined, serverConnect, serverUdp, serverWorkers, serverIdle];

export const jobs = new Map([...client, ...server].map((job) => [job.name, job]));
