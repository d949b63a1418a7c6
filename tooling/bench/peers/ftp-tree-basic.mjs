// basic-ftp for the jobs `ftp-tree-...`. Arguments: where it is, host, port, number of files, local folder, what to do.
import { measure } from "../lib/measure.mjs";
import { access } from "./basic-ftp.mjs";

const [folder, host, port, count, local, job] = process.argv.slice(2);

const jobs = {
  down: (client) => client.downloadToDir(local, "/tree"),
  up: (client) => client.uploadFromDir(local, "/up/tree"),
  remove: (client) => client.removeDir("/up/tree"),
};

async function work() {
  const client = await access(folder, host, port);
  await jobs[job](client);
  client.close();
  return Number(count);
}

await measure("items", work);
