// Runs our FTP server for tests until stdin ends. Arguments: the folder of `makeFtpPlace()`, milliseconds each way.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startFtpServer } from "../../../packages/test-servers/dist/index.js";

const [folder, delay] = process.argv.slice(2);
const identity = readFileSync(join(folder, "identity.pem"), "latin1");
const { host, port } = await startFtpServer({
  root: join(folder, "served"),
  tls: { key: identity, cert: identity },
  requireSessionReuse: true,
  delay: Number(delay),
});
console.log(JSON.stringify({ host, port }));
process.stdin.resume().once("end", () => process.exit(0));
