// Exim: speaks TLS by GnuTLS, drops whoever does not wait for its greeting or sends ahead what must wait, and grants
// as many sessions, messages and recipients as it is told to.
import { chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { domain } from "../lib/mail-boxes.mjs";

const rights = `
begin acl
check_rcpt:
  accept domains = ! +local_domains
         authenticated = *
  require message = no relaying
          domains = +local_domains
  require message = no such mailbox
          verify = recipient
  accept
everybody:
  accept
`;

const logins = (passwords) => `
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{!eq{$auth3}{}}{eq{$auth3}{\${lookup{$auth2}lsearch{${passwords}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = "Username:: : Password::"
  server_condition = \${if and{{!eq{$auth2}{}}{eq{$auth2}{\${lookup{$auth1}lsearch{${passwords}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${lookup{$auth1}lsearch{${passwords}}{$value}fail}
  server_set_id = $auth1
`;

const deliveries = (boxes, root) => `
begin routers
elsewhere:
  driver = accept
  domains = ! +local_domains
  transport = nowhere
mailboxes:
  driver = accept
  local_parts = lsearch;${boxes}
  transport = maildir
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
  user = Debian-exim
maildir:
  driver = appendfile
  maildir_format
  directory = ${root}/$local_part_data/Maildir
  envelope_to_add
  return_path_add
  user = Debian-exim
`;

export const exim = {
  name: "Exim",
  packages: ["exim4-daemon-light"],
  namesMessages: true,
  // It puts the empty line behind a header where there is none.
  endsHeaders: true,
  log: "logs/mainlog",
  complaints: /sent too soon|panic/,
  program: "/usr/sbin/exim4",
  trial: ["/usr/sbin/exim4", "-C", "/dev/null", "-bV"],
  // With a file of settings like ours it delivers as that user, so that is whose the mailboxes are.
  users: ({ uid, gid }) => ({ "Debian-exim": { uid, gid } }),

  args({ host, port, tls, auth, limits = {} }, { folder, users, mailboxes, identity }) {
    const { uid, gid } = users["Debian-exim"];
    const give = (file) => chownSync(file, uid, gid);
    for (const name of ["spool", "logs"]) {
      mkdirSync(join(folder, name));
      give(join(folder, name));
    }
    const table = (name, word) => {
      const file = join(folder, name);
      writeFileSync(file, mailboxes.names.map((box) => `${box}: ${word(box)}\n`).join(""));
      return file;
    };
    const boxes = table("boxes", (box) => box);
    const passwords = table("passwords", () => mailboxes.password);
    // It has changed to that user before it reads this.
    const own = join(folder, "identity.pem");
    copyFileSync(identity, own);
    give(own);
    const text = `
primary_hostname = mail.netcli.test
domainlist local_domains = ${domain}
exim_path = /usr/sbin/exim4
spool_directory = ${join(folder, "spool")}
log_file_path = ${join(folder, "logs")}/%slog
pid_file_path = ${join(folder, "pid")}
local_interfaces = <; ${host}
daemon_smtp_ports = ${port}
tls_on_connect_ports = ${tls === "implicit" ? port : ""}
tls_advertise_hosts = ${tls === "none" ? "" : "*"}
tls_certificate = ${own}
tls_privatekey = ${own}
auth_advertise_hosts = ${auth ? `\${if ${tls === "none" ? "true" : "def:tls_in_cipher"}{*}}` : ""}
chunking_advertise_hosts = *
dsn_advertise_hosts = *
pipelining_connect_advertise_hosts =
smtputf8_advertise_hosts = *
rfc1413_query_timeout = 0s
host_lookup =
helo_accept_junk_hosts = *
deliver_drop_privilege = true
queue_run_max = 2
smtp_accept_max = 100
smtp_accept_max_per_host = ${limits.sessions ?? 100}
smtp_accept_max_per_connection = ${limits.messages ?? 2000}
recipients_max = ${limits.recipients ?? 1000}
smtp_banner = "$primary_hostname ESMTP\\nwhose greeting has\\nthree lines"
smtp_accept_queue_per_connection = 0
message_size_limit = 20M
acl_smtp_rcpt = check_rcpt
acl_smtp_vrfy = everybody
acl_smtp_expn = everybody
${rights}
${deliveries(boxes, mailboxes.root)}
${auth ? logins(passwords) : ""}
`;
    const file = join(folder, "exim.conf");
    writeFileSync(file, text);
    return ["-C", file, "-bdf", "-q1m"];
  },
};
