// ProFTPD: wants data connections over TLS to resume a session, has hashes, answers some commands during a transfer.
import { existsSync } from "node:fs";
import { join } from "node:path";

// Debian 12 has the first two built in.
const modules = ["mod_ls", "mod_xfer", "mod_tls", "mod_deflate", "mod_digest"];

export const proftpd = {
  name: "ProFTPD",
  packages: ["proftpd-core", "proftpd-mod-crypto"],
  program: (tree) => join(tree, "usr/sbin/proftpd"),
  trial: ["-v"],
  tls: ["none", "starttls", "implicit"],
  hasHashes: true,
  refusesDirectory: (name) => /[*?]/.test(name),

  args({ host, port, tls, root, without, sessions }, { tree, place }) {
    const { account, identity } = place;
    const { user, hash, uid, gid } = account;
    const secured = `
TLSEngine on
TLSRequired on
TLSECCertificateFile ${identity}
TLSECCertificateKeyFile ${identity}
${tls === "implicit" ? "TLSOptions UseImplicitSSL" : ""}`;
    const refused = `
<Limit ${without.join(" ")}>
  DenyAll
</Limit>`;
    const modulePath = join(tree, "usr/lib/proftpd");
    const loaded = modules.filter((name) => existsSync(join(modulePath, `${name}.so`)));
    const text = `
ModulePath ${modulePath}
${loaded.map((name) => `LoadModule ${name}.c`).join("\n")}
DefaultAddress ${host}
Port ${port}
SocketBindTight on
User nobody
Group nogroup
UseReverseDNS off
ControlsEngine off
<IfModule mod_delay.c>
  DelayEngine off
</IfModule>
WtmpLog off
SystemLog none
ScoreboardFile ${place.note("scoreboard", "")}
PidFile ${place.note("proftpd.pid", "")}
AuthUserFile ${place.note("passwd", `${user}:${hash}:${uid}:${gid}::${root}:/bin/sh\n`)}
AuthOrder mod_auth_file.c
RequireValidShell off
DefaultRoot ~
MaxClientsPerHost ${sessions}
AllowOverwrite on
AllowStoreRestart on
UseEncoding UTF-8 UTF-8
DeflateEngine on
DigestEngine on
${tls === "none" ? "" : secured}
${without.length === 0 ? "" : refused}
`;
    return ["-n", "-q", "-c", place.note("proftpd.conf", text)];
  },
};
