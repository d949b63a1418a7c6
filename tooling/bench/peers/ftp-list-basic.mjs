// A listing with basic-ftp. Arguments: where basic-ftp is, host, port, directory. Needs --expose-gc.
import { liveBytes, measure } from "../lib/measure.mjs";
import { access } from "./basic-ftp.mjs";

const [folder, host, port, path] = process.argv.slice(2);
const client = await access(folder, host, port);
const before = liveBytes();
let all;

async function work() {
  all = await client.list(path);
  return all.length;
}

await measure("items", work, () => liveBytes() - before);
