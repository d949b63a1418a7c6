// OpenSMTPD: has no PIPELINING, and drops whoever sends a command before the reply to the one before. In Debian 12 it
// fails in every handshake of TLS, so it is asked for none, and has no passwords without.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { domain } from "../lib/mail-boxes.mjs";

export const opensmtpd = {
  name: "OpenSMTPD",
  packages: ["opensmtpd"],
  // Its reports do not repeat what was said about the message.
  reportsBriefly: true,
  // It hangs up in the middle of much longer ones.
  longestLine: 2000,
  program: "sh",
  trial: ["sh", "-c", "/usr/sbin/smtpd -h 2>&1 | grep usage"],
  users: () => ({ opensmtpd: undefined, opensmtpq: undefined }),
  hidden: ["/run", "/var/spool", "/var/lib"],

  args({ host, port }, { folder, place, mailboxes }) {
    const { uid, gid } = place.account;
    const boxes = mailboxes.names.map((name) => `${name} ${uid}:${gid}:${join(mailboxes.root, name)}\n`);
    writeFileSync(join(folder, "boxes"), boxes.join(""));
    const text = `
table boxes file:${join(folder, "boxes")}
queue ttl 1h
smtp max-message-size 20000000
listen on ${host} port ${port} hostname mail.netcli.test
action "deliver" maildir "%{user.directory}/Maildir" userbase <boxes>
match from any for domain "${domain}" action "deliver"
`;
    const file = join(folder, "smtpd.conf");
    writeFileSync(file, text, { mode: 0o600 });
    const folders = `
mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
cd /var/spool/smtpd && chmod 711 . && mkdir -m 700 corrupt incoming offline purge queue temporary
chown opensmtpq corrupt incoming purge queue temporary && chgrp opensmtpq offline && chmod 770 offline
exec /usr/sbin/smtpd -d -f "$0"`;
    return ["-c", folders, file];
  },
};
