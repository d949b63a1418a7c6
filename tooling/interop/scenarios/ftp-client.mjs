// What FtpClient does with vsftpd that a program on its own does not show.
import { strictEqual } from "node:assert/strict";
import { FtpClient } from "../../../packages/ftp/dist/index.js";

/** Logs in over TLS; both the server and we insist on it. */
async function connectOverTls(run, tlsOptions = {}) {
  const { host, port } = await run.server();
  return FtpClient.connect({
    host,
    port,
    ...run.account,
    tls: "starttls",
    tlsOptions: { ca: run.ca, ...tlsOptions },
    trace: run.trace,
    signal: run.signal,
  });
}

/** Downloads more than once: each data connection must resume a session of the one before or of the control connection. */
async function downloadTwice(run, client) {
  for (const name of ["big.bin", "empty"]) {
    await client.download(name, run.path(name), { signal: run.signal });
    run.checkSaved(name);
  }
}

async function sessionsResumedWithTls13(run) {
  const client = await connectOverTls(run, { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" });
  await downloadTwice(run, client);
  run.checkSaid(/TLS: TLSv1\.3, resumed/);
  await client.quit();
}

async function sessionsResumedWithTls12(run) {
  const client = await connectOverTls(run, { maxVersion: "TLSv1.2" });
  await downloadTwice(run, client);
  run.checkSaid(/TLS: TLSv1\.2, resumed/);
  await client.quit();
}

/** Breaks a download off when some of it has come, then uses the session again. */
async function abortThenReuse(run, client) {
  const breaking = new AbortController();
  const reason = new Error("enough");
  const download = client.download("big.bin", run.path("big.bin"), {
    signal: AbortSignal.any([breaking.signal, run.signal]),
    onProgress: () => breaking.abort(reason),
  });
  const outcome = await download.then(
    () => undefined,
    (error) => error,
  );
  strictEqual(outcome, reason);
  run.checkNothingSaved();
  await downloadTwice(run, client);
  await client.quit();
}

async function abortedDownload(run) {
  const { host, port } = await run.server();
  const { trace, signal } = run;
  await abortThenReuse(run, await FtpClient.connect({ host, port, trace, signal }));
}

async function abortedDownloadOverTls(run) {
  await abortThenReuse(run, await connectOverTls(run));
}

export const scenarios = [
  sessionsResumedWithTls13,
  sessionsResumedWithTls12,
  abortedDownload,
  abortedDownloadOverTls,
];
