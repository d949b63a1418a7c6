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
import { pop3Large, pop3Stream } from "./pop3-large.mjs";
import { pop3List } from "./pop3-list.mjs";
import { pop3Distance, pop3Messages } from "./pop3-messages.mjs";
import { serverConnect } from "./server-connect.mjs";
import { serverEcho, serverEchoPipelined } from "./server-echo.mjs";
import { serverIdle } from "./server-idle.mjs";
import { serverUdp } from "./server-udp.mjs";
import { serverWorkers } from "./server-workers.mjs";
import { smtpBody, smtpBodyStream } from "./smtp-body.mjs";
import { smtpDistance, smtpDistanceFull } from "./smtp-distance.mjs";
import { smtpFlights } from "./smtp-flights.mjs";
import { smtpMessages, smtpMessages5 } from "./smtp-messages.mjs";
import { stuffing, stuffingRepair } from "./stuffing.mjs";

const client = [lines, commands, block, blockDots, fileDown, fileUp, stuffing, stuffingRepair];
const server = [serverEcho, serverEchoPipelined, serverConnect, serverUdp, serverWorkers, serverIdle];
const ftp = [ftpLogin, ftpDown, ftpDownTls, ftpTreeDown, ftpTreeUp, ftpTreeRemove, ftpList];
const smtp = [
  smtpFlights,
  smtpDistance,
  smtpDistanceFull,
  smtpMessages,
  smtpMessages5,
  smtpBody,
  smtpBodyStream,
];
const pop3 = [pop3Distance, pop3Messages, pop3List, pop3Large, pop3Stream];

export const jobs = new Map([...client, ...server, ...ftp, ...smtp, ...pop3].map((job) => [job.name, job]));
