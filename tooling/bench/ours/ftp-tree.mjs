// Ours for the jobs `ftp-tree-...`. Arguments: host, port, number of files, local folder, what to do.
import { FtpClient } from "../../../packages/ftp/dist/index.js";
import { measure } from "../lib/measure.mjs";
import { ftpOptions } from "./ftp-options.mjs";

const [host, port, count, local, job] = process.argv.slice(2);
const options = { ...ftpOptions(host, port), connections: 4 };

async function mirror(client, direction, remote) {
  const { transferred, failed } = await client.mirror({ direction, remote, local });
  if (failed.length > 0) throw failed[0].error;
  return transferred.length;
}

const jobs = {
  down: (client) => mirror(client, "download", "/tree"),
  up: (client) => mirror(client, "upload", "/up/tree"),
  async remove(client) {
    await client.removeTree("/up/tree");
    return Number(count);
  },
};

async function work() {
  const client = await FtpClient.connect(options);
  const files = await jobs[job](client);
  await client.quit();
  return files;
}

await measure("items", work);
