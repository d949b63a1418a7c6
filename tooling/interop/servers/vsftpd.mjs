// vsftpd: wants data connections over TLS to resume a session, has no MLSD, and a process for each address and mode.
import { join } from "node:path";

const yesOrNo = (is) => (is ? "YES" : "NO");

export const vsftpd = {
  name: "vsftpd",
  packages: ["vsftpd"],
  program: (tree) => join(tree, "usr/sbin/vsftpd"),
  trial: ["-v"],
  tls: ["none", "starttls", "implicit"],

  args({ host, port, tls, root, writable, without, sessions }, { place }) {
    const { account, empty, identity } = place;
    const listen = host.includes(":")
      ? { listen: "NO", listen_ipv6: "YES", listen_address6: host }
      : { listen: "YES", listen_address: host };
    const settings = {
      ...listen,
      listen_port: port,
      background: "NO",
      connect_from_port_20: "NO",
      // Who may change nothing needs no name.
      anonymous_enable: yesOrNo(!writable),
      anon_root: root,
      ftp_username: account.user,
      local_enable: "YES",
      local_root: root,
      chroot_local_user: "YES",
      allow_writeable_chroot: yesOrNo(writable),
      write_enable: yesOrNo(writable),
      mdtm_write: "YES",
      // What Debian does with services it has no file for: any user of the system, whatever the shell.
      pam_service_name: "other",
      secure_chroot_dir: empty,
      // Containers do not let it have these.
      seccomp_sandbox: "NO",
      isolate: "NO",
      isolate_network: "NO",
      delay_failed_login: "0",
      max_per_ip: sessions,
      utf8_filesystem: "YES",
      force_dot_files: "YES",
      xferlog_enable: "NO",
      ssl_enable: yesOrNo(tls !== "none"),
      implicit_ssl: yesOrNo(tls === "implicit"),
      ssl_tlsv1: "YES",
      ssl_ciphers: "HIGH",
      allow_anon_ssl: "YES",
      force_local_logins_ssl: "YES",
      force_local_data_ssl: "YES",
      require_ssl_reuse: "YES",
      rsa_cert_file: identity,
      rsa_private_key_file: identity,
      ...(without.length === 0 ? {} : { cmds_denied: without.join() }),
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    return [place.note("vsftpd.conf", lines.join(""))];
  },
};
