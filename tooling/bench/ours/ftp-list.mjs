// Ours for the job `ftp-list`. Arguments: host, port, directory, which method. Needs --expose-gc.
import { FtpClient } from "../../../packages/ftp/dist/index.js";
import { liveBytes, measure } from "../lib/measure.mjs";
import { ftpOptions } from "./ftp-options.mjs";

const [host, port, path, method] = process.argv.slice(2);
const sampleEach = 10_000;
const client = await FtpClient.connect(ftpOptions(host, port));
const before = liveBytes();
let all;
let most = 0;

const methods = {
  async list() {
    all = await client.list(path);
    return all.length;
  },
  async entries() {
    let count = 0;
    for await (const entry of client.entries(path)) if (entry.type === "file") count++;
    return count;
  },
  /** Looks at the memory from time to time. */
  async watched() {
    let count = 0;
    for await (const entry of client.entries(path)) {
      if (entry.type === "file") count++;
      if (count % sampleEach === 0) most = Math.max(most, liveBytes());
    }
    return count;
  },
};
const growths = {
  list: () => liveBytes() - before,
  watched: () => most - before,
};

await measure("items", methods[method], growths[method]);
