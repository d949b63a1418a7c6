// Ours for the job `ftp-login`. Arguments: host, port, and the file of an authority for TLS.
import { FtpClient } from "../../../packages/ftp/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { ftpOptions } from "./ftp-options.mjs";

const options = ftpOptions(...process.argv.slice(2));

async function work() {
  await FtpClient.connect(options);
  return 1;
}

await measure("items", work);
