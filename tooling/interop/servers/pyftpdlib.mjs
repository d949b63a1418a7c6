// pyftpdlib: one process for all sessions; a new EPSV or PASV ends the transfer that is under way.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("pyftpdlib-server.py", import.meta.url));

export const pyftpdlib = {
  name: "pyftpdlib",
  packages: ["python3-pyftpdlib", "python3-openssl"],
  // Debian's own, whichever comes first on PATH: the packages are for that one.
  program: (tree) => [tree, "/"].map((root) => join(root, "usr/bin/python3")).find(existsSync),
  environment: (tree) => ({
    PYTHONPATH: join(tree, "usr/lib/python3/dist-packages"),
    PYTHONDONTWRITEBYTECODE: "1",
  }),
  trial: ["-c", "import pyftpdlib.servers, OpenSSL"],
  tls: ["none", "starttls"],
  // In active mode it forgets one of two sessions that transfer at the same time, whoever the client is.
  forgetsSessions: ({ data }) => data === "EPRT" || data === "PORT",

  args(wanted, { place }) {
    const { account, identity } = place;
    const { user, password, uid, gid } = account;
    return [main, JSON.stringify({ ...wanted, identity, user, password, uid, gid })];
  },
};
