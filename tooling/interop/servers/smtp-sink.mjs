// smtp-sink: throws all mail away, and fails at whatever command it is told to.
export const smtpSink = {
  name: "smtp-sink",
  packages: ["postfix"],
  program: "/usr/sbin/smtp-sink",
  trial: ["/usr/sbin/postconf", "-d", "mail_version"],

  /** `fails` are its own options. */
  args({ host, port, protocol, fails = [] }, { folder }) {
    const lmtp = protocol === "lmtp" ? ["-L"] : [];
    return [
      "-u",
      "nobody",
      "-h",
      "mail.netcli.test",
      "-R",
      folder,
      ...lmtp,
      ...fails,
      `${host}:${port}`,
      "100",
    ];
  },
};
