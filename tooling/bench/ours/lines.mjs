// Ours for the job `lines`: one awaited readLine() per line. Arguments: host, port.
import { connect } from "../../../packages/core-transport/dist/index.js";
import { measure } from "../lib/measure.mjs";

const [host, port] = process.argv.slice(2);

async function work() {
  const connection = await connect({ host, port: Number(port) });
  let count = 0;
  for (let line = await connection.readLine(); line !== undefined; line = await connection.readLine()) {
    if (line.length !== 98) throw new Error("wrong line");
    count++;
  }
  return count;
}

await measure("items", work);
