// Ours for the jobs that download a big file, from the connect to the QUIT. Arguments: host, port, local file, and
// the file of an authority for TLS.
import { FtpClient } from "../../../packages/ftp/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { ftpOptions } from "./ftp-options.mjs";

const [host, port, path, ca] = process.argv.slice(2);
const options = ftpOptions(host, port, ca);

async function work() {
  const client = await FtpClient.connect(options);
  const { bytes } = await client.download("data.bin", path);
  await client.quit();
  return bytes;
}

await measure("bytes", work);
