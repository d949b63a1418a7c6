// What a mail server sees of this machine: the packages as if they were installed, which they cannot be side by side,
// and users of its own. Mail servers have paths and names built in, and most of them change to several users.
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Ids that nobody has, for so many users. */
function freeIds(count, files) {
  const taken = new Set(
    files.flatMap((text) => [...text.matchAll(/^[^:]*:[^:]*:(\d+):/gm)].map(([, id]) => Number(id))),
  );
  const ids = [];
  for (let id = 999; ids.length < count; id -= 1) if (!taken.has(id)) ids.push(id);
  return ids;
}

/** These lines instead of those that begin with the same name, and the others as they are. */
function withLines(text, lines) {
  const names = new Set(lines.map((line) => line.split(":", 1)[0]));
  const others = text.split("\n").filter((line) => line !== "" && !names.has(line.split(":", 1)[0]));
  return `${[...others, ...lines].join("\n")}\n`;
}

function readable(file) {
  chmodSync(file, 0o644);
  return file;
}

/** MailView is the view of one kind of server. */
export class MailView {
  #script;
  /** The ids of its users, who have a group of the same name each. */
  users;

  /** `tree` is where the packages lie; the folders `hidden` are empty, and what is written there is gone at the end. */
  constructor(tree, place, { users = {}, hidden = [] }) {
    const [passwd, group] = ["/etc/passwd", "/etc/group"].map((file) => readFileSync(file, "utf8"));
    const ids = freeIds(Object.keys(users).length, [passwd, group]);
    this.users = Object.fromEntries(
      Object.entries(users).map(([name, user], at) => [name, user ?? { uid: ids[at], gid: ids[at] }]),
    );
    const entries = Object.entries(this.users);
    const userLines = entries.map(
      ([name, { uid, gid }]) => `${name}:x:${uid}:${gid}::/nonexistent:/bin/false`,
    );
    const groupLines = entries.map(([name, { gid }]) => `${name}:x:${gid}:`);
    const files = {
      "/etc/passwd": readable(place.note("passwd", withLines(passwd, userLines))),
      "/etc/group": readable(place.note("group", withLines(group, groupLines))),
    };
    // Debian has merged /lib into /usr/lib, but not every package knows.
    const layers = [
      ["usr", "/usr"],
      ["lib", "/usr/lib"],
    ].filter(([part]) => tree !== "/" && existsSync(join(tree, part)));
    const mounts = [
      ...layers.map(([part, on]) => `-t overlay overlay -o 'lowerdir=${join(tree, part)}:${on}' ${on}`),
      ...Object.entries(files).map(([file, own]) => `--bind '${own}' ${file}`),
      ...hidden.map((folder) => `-t tmpfs tmpfs ${folder}`),
    ];
    this.#script = [...mounts.map((mount) => `mount ${mount}`), 'exec "$@"'].join(" && ");
  }

  /** The command that runs this one with the view; it becomes that process. */
  command(program, args) {
    const view = ["--mount", "--propagation", "private", "sh", "-c", this.#script, "sh"];
    return { program: "unshare", args: [...view, program, ...args], env: process.env };
  }
}
