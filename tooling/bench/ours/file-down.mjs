// Ours for the job `file-down`: an FTP download, from the connect to the QUIT. Arguments: host, port, local file.
import { FtpClient } from "../../../packages/ftp/dist/index.js";
import { measure } from "../lib/measure.mjs";

const [host, port, path] = process.argv.slice(2);

async function work() {
  const client = await FtpClient.connect({
    host,
    port: Number(port),
    user: "user",
    password: "secret",
    tls: "none",
  });
  const { bytes } = await client.download("data.bin", path);
  await client.quit();
  return bytes;
}

await measure("bytes", work);
