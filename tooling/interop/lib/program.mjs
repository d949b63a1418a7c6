// Runs the program ftp-download as a user would.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../../apps/ftp-download/dist/main.js", import.meta.url));

/** Resolves to the exit code; what the program says goes to `log`. It trusts the authority in the file `ca`. */
export function ftpDownload(args, { log, signal, password, ca }) {
  const { FTP_PASSWORD: _, ...env } = process.env;
  if (password !== undefined) env.FTP_PASSWORD = password;
  if (ca !== undefined) env.NODE_EXTRA_CA_CERTS = ca;
  log(`$ ftp-download ${args.join(" ")}`);
  const child = spawn(process.execPath, [main, "--verbose", ...args], {
    env,
    signal,
    killSignal: "SIGKILL",
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      for (const line of output.trimEnd().split("\n")) log(line);
      resolve(code);
    });
  });
}
