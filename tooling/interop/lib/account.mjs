// A user of this system for the time of a run: vsftpd asks PAM, which knows no others without more packages.
// Removed at the end; a run killed by SIGKILL leaves it behind, with a password that nobody knows.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { leftover } from "./leftovers.mjs";
import { Skipped } from "./skipped.mjs";

function run(program, args, input) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", input });
  if (error?.code === "ENOENT") throw new Skipped(`no ${program}`);
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr.trim()}`);
  return stdout;
}

/** Makes a user who can log in nowhere but at servers that ask for a password only. */
export function makeAccount(home) {
  const user = `netcli-${randomBytes(4).toString("hex")}`;
  const password = randomBytes(16).toString("hex");
  const group = ["--no-user-group", "--gid", "nogroup"];
  const nowhere = ["--no-create-home", "--home-dir", home, "--shell", "/usr/sbin/nologin"];
  run("useradd", ["--system", ...group, ...nowhere, user]);
  leftover(() => run("userdel", [user]));
  run("chpasswd", [], `${user}:${password}\n`);
  const [, , uid, gid] = run("getent", ["passwd", user]).split(":");
  const [, hash] = run("getent", ["shadow", user]).split(":");
  return { user, password, uid: Number(uid), gid: Number(gid), hash };
}
