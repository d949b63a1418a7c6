// The naive FTP download in Node: pipeline(socket, createWriteStream()).
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { measure } from "../lib/measure.mjs";

const [host, port, path] = process.argv.slice(2);

async function work() {
  const control = connect({ host, port: Number(port) });
  const lines = createInterface(control)[Symbol.asyncIterator]();
  const reply = async () => (await lines.next()).value;
  const ask = (command) => {
    control.write(`${command}\r\n`);
    return reply();
  };
  await reply();
  await ask("USER user");
  await ask("PASS secret");
  await ask("TYPE I");
  const dataPort = /\|(\d+)\|/.exec(await ask("EPSV"))[1];
  const data = connect({ host, port: Number(dataPort) });
  await ask("RETR data.bin");
  await pipeline(data, createWriteStream(path));
  await reply();
  await ask("QUIT");
  return (await stat(path)).size;
}

await measure("bytes", work);
