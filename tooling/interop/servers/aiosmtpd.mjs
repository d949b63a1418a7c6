// aiosmtpd: keeps what it gets as it came, line ends and all; one process for all sessions.
import { fileURLToPath } from "node:url";
import { domain } from "../lib/mail-boxes.mjs";

const main = fileURLToPath(new URL("aiosmtpd-server.py", import.meta.url));

export const aiosmtpd = {
  name: "aiosmtpd",
  packages: ["python3-aiosmtpd"],
  keepsLineEnds: true,
  // Debian's own, whichever comes first on PATH: the package is for that one.
  givesReasons: true,
  program: "/usr/bin/python3",
  trial: ["/usr/bin/python3", "-B", "-c", "import aiosmtpd.lmtp"],

  args({ host, port, tls, auth = false, protocol = "smtp" }, { place, mailboxes, identity }) {
    const { uid, gid } = place.account;
    const { root, password } = mailboxes;
    const wanted = { host, port, tls, auth, protocol, domain, root, identity, password, uid, gid };
    return ["-B", main, JSON.stringify(wanted)];
  },
};
