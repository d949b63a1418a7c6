// A login with basic-ftp. Arguments: where basic-ftp is, host, port, and the file of an authority for TLS.
import { measure } from "../lib/measure.mjs";
import { access } from "./basic-ftp.mjs";

const where = process.argv.slice(2);

async function work() {
  await access(...where);
  return 1;
}

await measure("items", work);
