// The list of jobs, in the order in which they run.
import { block, blockDots } from "./block.mjs";
import { commands } from "./commands.mjs";
import { fileDown } from "./file-down.mjs";
import { fileUp } from "./file-up.mjs";
import { ftpDown, ftpDownTls } from "./ftp-down.mjs";
import { ftpList } from "./ftp-list.mjs";
import { ftpLogin } from "./ftp-login.mjs";
import { ftpTreeDown, ftpTreeRemove, ftpTreeUp } from "./ftp-tree.mjs";
import { lines } from "./lines.mjs";
import { serverConnect } from "./server-connect.mjs";
import { serverEcho, serverEchoPipelined } from "./server-echo.mjs";
import { serverIdle } from "./server-idle.mjs";
import { serverUdp } from "./server-udp.mjs";
import { serverWorkers } from "./server-workers.mjs";
import { stuffing, stuffingRepair } from "./stuffing.mjs";

const client = [lines, commands, block, blockDots, fileDown, fileUp, stuffing, stuffingRepair];
const server = [serverEcho, serverEchoPipelined, serverConnect, serverUdp, serverWorkers, serverIdle];
const ftp = [ftpLogin, ftpDown, ftpDownTls, ftpTreeDown, ftpTreeUp, ftpTreeRemove, ftpList];

export const jobs = new Map([...client, ...server, ...ftp].map((job) => [job.name, job]));
