// Dovecot: takes mail by LMTP and says for each recipient what becomes of it; takes submissions, which it passes on to
// Postfix while the client waits; gives mail out by POP3; knows more ways to log in than any other; does so for
// Postfix, too.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tokenSecret } from "../lib/mail-tokens.mjs";

const mechanisms = ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256", "xoauth2", "oauthbearer"];

/** Lets those in who have a certificate. */
const certificateSettings = (caFile) => `
ssl_ca = <${caFile}
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
passdb {
  driver = static
  mechanisms = external
  args = nopassword=y
}`;

const services = {
  auth: (port) => `
protocols = none
service auth {
  inet_listener {
    port = ${port}
  }
}`,
  lmtp: (port, { folder }) => `
protocols = lmtp
service lmtp {
  inet_listener lmtp {
    port = ${port}
  }
  unix_listener ${join(folder, "lmtp")} {
    mode = 0666
  }
}`,
  pop3: (port, { tls }) => `
protocols = pop3
service pop3-login {
  inet_listener pop3 {
    port = ${tls === "implicit" ? 0 : port}
  }
  inet_listener pop3s {
    port = ${tls === "implicit" ? port : 0}
    ssl = yes
  }
}`,
  submission: (port, { others, tls }) => `
protocols = submission
submission_relay_host = ${others.relay.host}
submission_relay_port = ${others.relay.port}
submission_relay_ssl = no
submission_max_mail_size = 20 M
service submission-login {
  inet_listener submission {
    port = ${tls === "implicit" ? 0 : port}
  }
  inet_listener submissions {
    port = ${tls === "implicit" ? port : 0}
    ssl = yes
  }
}`,
};

/** Writes what it needs to check tokens itself; the name of that. */
function writeTokens(folder) {
  const keys = join(folder, "keys");
  mkdirSync(join(keys, "default/HS256"), { recursive: true });
  writeFileSync(join(keys, "default/HS256/default"), tokenSecret.toString("base64"));
  const settings = `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${keys}/
username_attribute = sub
`;
  writeFileSync(join(folder, "oauth2"), settings);
  return join(folder, "oauth2");
}

export const dovecot = {
  name: "Dovecot",
  packages: ["dovecot-core", "dovecot-lmtpd", "dovecot-pop3d", "dovecot-submissiond"],
  namesMessages: true,
  // What it gets by LMTP it delivers itself; the rest is for Postfix.
  keepsChunks: ({ protocol }) => protocol === "lmtp",
  givesReasons: true,
  log: "log",
  complaints: /Panic: |Fatal: |protocol error/,
  program: "/usr/sbin/dovecot",
  // Settings are called something else in other versions.
  trial: ["sh", "-c", "dovecot --version | grep '^2[.]3[.]' || { echo another version >&2; exit 1; }"],
  users: () => ({ dovecot: undefined, dovenull: undefined }),
  others: ({ service }) => (service === "submission" ? { relay: ["Postfix", { trusting: true }] } : {}),

  args({ host, port, tls, service, certificates }, { folder, place, mailboxes, others, identity }) {
    const { account } = place;
    const users = mailboxes.names.map((name) => `${name}:{PLAIN}${mailboxes.password}::::::\n`);
    writeFileSync(join(folder, "users"), users.join(""));
    const ways = [
      ...mechanisms,
      ...(certificates ? ["external"] : []),
      // Puts something to hash into the greeting.
      ...(service === "pop3" ? ["apop"] : []),
    ];
    const text = `
base_dir = ${join(folder, "base")}
state_dir = ${join(folder, "state")}
log_path = ${join(folder, "log")}
listen = ${host}
ssl = ${tls === "none" ? "no" : "yes"}
ssl_cert = <${identity}
ssl_key = <${identity}
disable_plaintext_auth = no
auth_mechanisms = ${ways.join(" ")}
${certificates ? certificateSettings(place.caFile) : ""}
auth_username_chars =
auth_failure_delay = 0
service anvil {
  # Or it waits for those who have failed before.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${writeTokens(folder)}
}
passdb {
  driver = passwd-file
  args = username_format=%n ${join(folder, "users")}
}
userdb {
  driver = static
  args = uid=${account.uid} gid=${account.gid} home=${mailboxes.root}/%n
}
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
hostname = mail.netcli.test
${services[service](port, { folder, others, tls })}
`;
    const file = join(folder, "dovecot.conf");
    writeFileSync(file, text);
    return ["-F", "-c", file];
  },
};
