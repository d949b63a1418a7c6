// Pure-FTPd: resumes no session of TLS 1.3, answers a broken download with a second 150, and during a transfer takes
// every command for an error.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const pureFtpd = {
  name: "Pure-FTPd",
  packages: ["pure-ftpd"],
  program: (tree) => join(tree, "usr/sbin/pure-ftpd"),
  trial: ["--help"],
  tls: ["none", "starttls"],
  // No setting makes it refuse the ways to data connections that come first; a relay does, but not inside TLS.
  refusesNoCommands: true,
  has: ({ tls, data }) => tls === "none" || data === "EPSV" || data === "EPRT",
  // It makes underscores of such spaces.
  refusesName: (name) => name.includes("\\") || name.trim() !== name,

  args({ host, port, tls, root, sessions }, { tree, env, place }) {
    const { user, hash, uid, gid } = place.account;
    const users = place.note("users", `${user}:${hash}:${uid}:${gid}::${root}/./::::::::::::\n`);
    const database = place.note("users.pdb", "");
    const { status } = spawnSync(join(tree, "usr/bin/pure-pw"), ["mkdb", database, "-f", users], { env });
    if (status !== 0) throw new Error("pure-pw made no database of users");
    const files = ["-l", `puredb:${database}`, "-g", place.note("pure-ftpd.pid", "")];
    const limits = ["-A", "-E", "-H", "-z", "-u", "1", "-c", "1000", "-C", String(sessions)];
    const secured = tls === "none" ? ["-Y", "0"] : ["-Y", "3", "-2", place.identity];
    return ["-S", `${host},${port}`, ...files, ...limits, ...secured];
  },
};
