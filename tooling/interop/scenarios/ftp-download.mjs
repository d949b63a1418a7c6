// What the program ftp-download does with vsftpd.
import { unusualName } from "../lib/served.mjs";

async function bigFile(run) {
  const { port } = await run.server();
  run.checkCode(await run.download("-o", run.path("big.bin"), `ftp://127.0.0.1:${port}/big.bin`), 0);
  run.checkSaid(/^C: EPSV$/);
  run.checkSaved("big.bin");
}

async function bigFileWithRepliesByteByByte(run) {
  const { port } = await run.relay(await run.server());
  run.checkCode(await run.download("-o", run.path("big.bin"), `ftp://127.0.0.1:${port}/big.bin`), 0);
  run.checkSaved("big.bin");
}

async function serverWithoutEpsv(run) {
  const { port } = await run.server({ without: ["EPSV"] });
  run.checkCode(await run.download("-o", run.path("big.bin"), `ftp://127.0.0.1:${port}/big.bin`), 0);
  run.checkSaid(/^S: 550 /);
  run.checkSaid(/^S: 227 /);
  run.checkSaved("big.bin");
}

async function ipv6(run) {
  const { port } = await run.server({ host: "::1" });
  run.checkCode(await run.download("-o", run.path("big.bin"), `ftp://[::1]:${port}/big.bin`), 0);
  run.checkSaved("big.bin");
}

async function userOverTls(run) {
  const { port } = await run.server();
  const { user, password } = run.account;
  const url = `ftp://${user}@127.0.0.1:${port}/big.bin`;
  run.checkCode(await run.downloadAs(password, "--tls", "starttls", "-o", run.path("big.bin"), url), 0);
  run.checkSaid(/^-- TLS: .*resumed$/);
  run.checkSaved("big.bin");
}

async function implicitTls(run) {
  const { port } = await run.server({ tls: "implicit" });
  const { user, password } = run.account;
  const url = `ftps://${user}@127.0.0.1:${port}/pub/deep/small.txt`;
  run.checkCode(await run.downloadAs(password, "-o", run.path("small.txt"), url), 0);
  run.checkSaved("small.txt", "pub/deep/small.txt");
}

async function untrustedCertificate(run) {
  const { port } = await run.server();
  const { user } = run.account;
  const url = `ftp://${user}:secret@127.0.0.1:${port}/empty`;
  run.checkCode(await run.download("--tls", "starttls", "-o", run.path("empty"), url), 3);
  run.checkSaid(/can't be verified/);
  run.checkNothingSaved();
}

async function wrongPassword(run) {
  const { port } = await run.server();
  const url = `ftp://${run.account.user}@127.0.0.1:${port}/empty`;
  run.checkCode(await run.downloadAs("wrong", "-o", run.path("empty"), url), 4);
  run.checkNothingSaved();
}

async function noSuchDirectory(run) {
  const { port } = await run.server();
  const url = `ftp://127.0.0.1:${port}/no/such/file`;
  run.checkCode(await run.download("-o", run.path("file"), url), 5);
  run.checkNothingSaved();
}

async function noSuchFile(run) {
  const { port } = await run.server();
  const url = `ftp://127.0.0.1:${port}/pub/file`;
  run.checkCode(await run.download("-o", run.path("file"), url), 6);
  run.checkNothingSaved();
}

async function emptyFile(run) {
  const { port } = await run.server();
  run.checkCode(await run.download("-o", run.path("empty"), `ftp://127.0.0.1:${port}/empty`), 0);
  run.checkSaved("empty");
}

async function absolutePath(run) {
  const { port } = await run.server();
  const url = `ftp://127.0.0.1:${port}/%2Fpub/deep/small.txt`;
  run.checkCode(await run.download("-o", run.path("small.txt"), url), 0);
  run.checkSaid(/^C: (?:CWD|RETR) \/pub\/deep/);
  run.checkSaved("small.txt", "pub/deep/small.txt");
}

async function unusualFileName(run) {
  const { port } = await run.server();
  const url = `ftp://127.0.0.1:${port}/${encodeURIComponent(unusualName)}`;
  run.checkCode(await run.download("-o", run.path(unusualName), url), 0);
  run.checkSaved(unusualName);
}

export const scenarios = [
  bigFile,
  bigFileWithRepliesByteByByte,
  serverWithoutEpsv,
  ipv6,
  userOverTls,
  implicitTls,
  untrustedCertificate,
  wrongPassword,
  noSuchDirectory,
  noSuchFile,
  emptyFile,
  absolutePath,
  unusualFileName,
];
