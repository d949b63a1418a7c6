// A relay to a server of the SMTP jobs that makes the way longer. Arguments: milliseconds each way, host, port.
import { delayedRelay } from "../../../packages/test-kit/dist/index.js";

const [milliseconds, host, port] = process.argv.slice(2);
const relay = await delayedRelay({ host, port: Number(port), milliseconds: Number(milliseconds) });
console.log(JSON.stringify({ host: relay.host, port: relay.port }));
process.stdin.resume().once("end", () => process.exit(0));
