// popa3d: POP3 as it was in 1996, without CAPA, TLS or a reason for any refusal. It serves mbox files, to users of the
// system, over a connection that somebody else has taken.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Mbox } from "../lib/pop3-maildrops.mjs";

/** The folder that it takes for /var/mail. */
function spoolOf(place) {
  const spool = join(place.folder, "spool");
  mkdirSync(spool, { recursive: true });
  return spool;
}

export const popa3d = {
  name: "popa3d",
  packages: ["popa3d", "socat"],
  program: "sh",
  trial: ["sh", "-c", "/usr/sbin/popa3d -V && socat -V"],
  users: () => ({ popa3d: undefined }),
  hidden: ["/var/lib"],
  maildrop: (place) => new Mbox(spoolOf(place), place.account),

  args({ host, port }, { place }) {
    // Where it goes while it does not know yet who is there.
    const script = `
mkdir -m 755 /var/lib/popa3d && mount --bind "$0" /var/mail &&
exec socat "$1" EXEC:/usr/sbin/popa3d,nofork`;
    return ["-c", script, spoolOf(place), `TCP4-LISTEN:${port},bind=${host},reuseaddr,fork`];
  },
};
