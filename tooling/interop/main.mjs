// Tries our clients on servers that others wrote, installed from Debian packages, and our servers with what has to
// be compiled for them: `pnpm interop`.
import { makeAccount } from "./lib/account.mjs";
import { provide } from "./lib/debian.mjs";
import { removeLeftovers } from "./lib/leftovers.mjs";
import { installNative } from "./lib/native-packages.mjs";
import { NativeRun } from "./lib/native-run.mjs";
import { makePlace } from "./lib/place.mjs";
import { Run } from "./lib/run.mjs";
import { Skipped } from "./lib/skipped.mjs";
import { scenarios as ofFtpClient } from "./scenarios/ftp-client.mjs";
import { scenarios as ofFtpDownload } from "./scenarios/ftp-download.mjs";
import { scenarios as ofUnixDatagrams } from "./scenarios/unix-datagrams.mjs";

const scenarioLimitMs = 60_000;

/** What the scenarios of FTP need: how to begin a run. Throws Skipped where that cannot be had. */
function prepareVsftpd() {
  provide("vsftpd", "vsftpd");
  const place = makePlace();
  const account = makeAccount(place.served);
  return (signal) => new Run({ place, account, signal });
}

/** The same for Unix datagrams. */
function prepareUnixDgram() {
  const folder = installNative("unix-dgram@^2.0.7", ["core-transport", "socketserver"]);
  return (signal) => new NativeRun({ folder, signal });
}

const groups = [
  { prepare: prepareVsftpd, scenarios: [...ofFtpDownload, ...ofFtpClient] },
  { prepare: prepareUnixDgram, scenarios: ofUnixDatagrams },
];

/** Runs one scenario to its end, or to the end of its time. */
async function attempt(scenario, begin) {
  const limit = new AbortController();
  const tooLate = new Error(`not done within ${scenarioLimitMs / 1000} s`);
  const timer = setTimeout(() => limit.abort(tooLate), scenarioLimitMs);
  const timeUp = new Promise((_resolve, reject) => {
    limit.signal.addEventListener("abort", () => reject(tooLate));
  });
  const run = begin(limit.signal);
  try {
    await Promise.race([scenario(run), timeUp]);
    return { outcome: "passed" };
  } catch (error) {
    if (error instanceof Skipped) return { outcome: "skipped", reason: error.message };
    console.log(`\n${scenario.name}`);
    for (const line of run.lines) console.log(`    ${line}`);
    console.log(error);
    return { outcome: "FAILED", reason: error.message };
  } finally {
    clearTimeout(timer);
    await run.end();
  }
}

// Where Debian puts servers, and what makes users: `su` leaves these out.
process.env.PATH += ":/usr/sbin:/sbin";

// Servers, files and the account go however this process ends, save by SIGKILL.
process.on("exit", removeLeftovers);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

const rows = [];
for (const { prepare, scenarios } of groups) {
  let begin;
  let obstacle;
  try {
    begin = prepare();
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    obstacle = error.message;
  }
  for (const scenario of scenarios) {
    const start = performance.now();
    const result =
      begin === undefined ? { outcome: "skipped", reason: obstacle } : await attempt(scenario, begin);
    rows.push({ name: scenario.name, seconds: (performance.now() - start) / 1000, ...result });
  }
}

console.log();
for (const { name, outcome, seconds, reason = "" } of rows) {
  console.log(
    `${name.padEnd(32)}${outcome.padEnd(9)}${seconds.toFixed(1).padStart(6)} s  ${reason}`.trimEnd(),
  );
}
const count = (outcome) => rows.filter((row) => row.outcome === outcome).length;
console.log(`\n${count("passed")} passed, ${count("FAILED")} failed, ${count("skipped")} skipped`);
// What a failed scenario still waits for does not keep us.
process.exit(count("FAILED") > 0 ? 1 : 0);
