// A download of a big file with basic-ftp. Arguments: where basic-ftp is, host, port, local file, and the file of an
// authority for TLS.
import { stat } from "node:fs/promises";
import { measure } from "../lib/measure.mjs";
import { access } from "./basic-ftp.mjs";

const [folder, host, port, path, ca] = process.argv.slice(2);

async function work() {
  const client = await access(folder, host, port, ca);
  await client.downloadTo(path, "data.bin");
  client.close();
  return (await stat(path)).size;
}

await measure("bytes", work);
