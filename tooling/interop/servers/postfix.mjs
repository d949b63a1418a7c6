// Postfix: checks and queues what it takes, delivers by another process; with passwords it asks Dovecot.
import { chmodSync, chownSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { domain } from "../lib/mail-boxes.mjs";

const yesOrNo = (is) => (is ? "yes" : "no");

// What it says to EHLO, unless told not to.
const keywords = [
  "8bitmime",
  "chunking",
  "dsn",
  "enhancedstatuscodes",
  "etrn",
  "pipelining",
  "size",
  "smtputf8",
  "vrfy",
];

const queues = [
  "active",
  "bounce",
  "corrupt",
  "defer",
  "deferred",
  "flush",
  "hold",
  "incoming",
  "saved",
  "trace",
];

/** The folders that `postfix check` would make, in more time than the rest takes. */
function makeQueue(folder, { postfix, postdrop }) {
  const own = [...queues, "private", "public", "data"];
  for (const name of own) {
    mkdirSync(join(folder, name), { mode: 0o700 });
    chownSync(join(folder, name), postfix.uid, name === "public" ? postdrop.gid : postfix.gid);
  }
  chmodSync(join(folder, "public"), 0o710);
  mkdirSync(join(folder, "pid"));
}

/** Writes a file of long ago: it waits for those that somebody may still be writing. */
function writeOld(file, text) {
  writeFileSync(file, text);
  utimesSync(file, new Date(0), new Date(0));
}

export const postfix = {
  name: "Postfix",
  packages: ["postfix"],
  namesMessages: true,
  givesReasons: true,
  log: "log",
  complaints: /improper command pipelining after (?!CONNECT)|fatal:|panic:/,
  program: "/usr/lib/postfix/sbin/master",
  trial: ["/usr/sbin/postconf", "-d", "mail_version"],
  users: () => ({ postfix: undefined, postdrop: undefined }),
  others: ({ auth }) => (auth ? { auth: ["Dovecot", { service: "auth" }] } : {}),

  args(
    { host, port, tls, auth, bare, xclient, trusting, patience = 300, limits = {} },
    { folder, users, place, mailboxes, others, identity },
  ) {
    makeQueue(folder, users);
    const { uid, gid } = place.account;
    const boxes = mailboxes.names.map((name) => `${name}@${domain} ${name}/Maildir/\n`);
    writeOld(join(folder, "boxes"), boxes.join(""));
    writeOld(join(folder, "transport"), "later.test retry:\nnever.test error:\n");
    const settings = {
      compatibility_level: "3.6",
      queue_directory: folder,
      data_directory: join(folder, "data"),
      maillog_file: join(folder, "log"),
      maillog_file_prefixes: folder,
      myhostname: "mail.netcli.test",
      mydestination: "",
      alias_maps: "",
      alias_database: "",
      // Without any, all on this machine are trusted.
      mynetworks: trusting ? "127.0.0.1/32" : "127.255.255.255/32",
      disable_dns_lookups: "yes",
      smtpd_peername_lookup: "no",
      smtpd_relay_restrictions: "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
      default_transport: "discard",
      transport_maps: `texthash:${join(folder, "transport")}`,
      virtual_mailbox_domains: domain,
      virtual_mailbox_maps: `texthash:${join(folder, "boxes")}`,
      virtual_mailbox_base: mailboxes.root,
      virtual_mailbox_limit: 0,
      virtual_minimum_uid: 1,
      virtual_uid_maps: `static:${uid}`,
      virtual_gid_maps: `static:${gid}`,
      message_size_limit: 20_000_000,
      disable_vrfy_command: "no",
      // It waits for those who make mistakes, and counts connections; all of ours come from one address.
      smtpd_error_sleep_time: 0,
      smtpd_soft_error_limit: 1000,
      smtpd_hard_error_limit: 1000,
      smtpd_client_connection_count_limit: limits.sessions ?? 0,
      smtpd_recipient_limit: limits.recipients ?? 1000,
      smtpd_timeout: `${patience}s`,
      in_flow_delay: 0,
      smtpd_discard_ehlo_keywords: bare ? keywords.join() : "etrn",
      smtpd_authorized_xclient_hosts: xclient ? "127.0.0.1" : "",
      smtpd_tls_security_level: { none: "none", starttls: auth ? "encrypt" : "may", implicit: "encrypt" }[
        tls
      ],
      smtpd_tls_wrappermode: yesOrNo(tls === "implicit"),
      smtpd_tls_auth_only: yesOrNo(tls !== "none"),
      smtpd_tls_chain_files: identity,
      smtpd_sasl_auth_enable: yesOrNo(auth),
      smtpd_sasl_type: "dovecot",
      smtpd_sasl_path: auth ? `inet:${others.auth.host}:${others.auth.port}` : "none",
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
    writeOld(join(folder, "main.cf"), lines.join(""));
    const address = host.includes(":") ? `[${host}]` : host;
    writeOld(
      join(folder, "master.cf"),
      `
${address}:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
`,
    );
    return ["-c", folder, "-d"];
  },
};
