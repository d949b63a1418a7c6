// Ours for the job `file-up`: a file to a plain TCP sink, which answers with its count. Arguments: host, port, file.
import { open } from "node:fs/promises";
import { connect, sendFile } from "../../../packages/core-transport/dist/index.js";
import { measure } from "../lib/measure.mjs";

const [host, port, path] = process.argv.slice(2);

async function work() {
  const connection = await connect({ host, port: Number(port) });
  const file = await open(path);
  await sendFile(connection, file);
  await file.close();
  return Number(await connection.readLine());
}

await measure("bytes", work);
