// The ways to speak with mail servers that are tried, and what each of them offers there.

const words = { none: "plain", starttls: "STARTTLS", implicit: "implicit TLS" };
const passwords = ["PLAIN", "LOGIN", "CRAM-MD5"];
const everything = [...passwords, "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"];
const tlsVersions = { 1.2: "TLSv1.2", 1.3: "TLSv1.3" };

const ofPostfix = ["PIPELINING", "SIZE", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES"];
const ofExim = ["PIPELINING", "SIZE", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"];
const ofDovecot = ["PIPELINING", "8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES"];
const ofAiosmtpd = ["SIZE", "8BITMIME", "SMTPUTF8"];

// What is behind a message is too much for this service of Dovecot: its process dies.
const submission = {
  service: "submission",
  login: everything,
  pipelinings: ["off", "safe"],
  offers: [...ofDovecot, "SIZE", "DSN"],
  // Only to those who have logged in.
  offersLater: ["DSN"],
};
const lmtp = { service: "lmtp", protocol: "lmtp", offers: ofDovecot };

const all = {
  Postfix: [
    { offers: ofPostfix },
    { tls: "starttls", version: 1.3, host: "::1", offers: ofPostfix },
    { tls: "starttls", version: 1.2, login: everything, offers: ofPostfix },
    { tls: "implicit", version: 1.3, login: everything, offers: ofPostfix },
    { tls: "implicit", version: 1.2, host: "::1", offers: ofPostfix },
    { login: everything, offers: ofPostfix },
    { bare: true, offers: [] },
    { xclient: true, offers: [...ofPostfix, "XCLIENT"] },
  ],
  Exim: [
    { offers: ofExim },
    { tls: "starttls", version: 1.3, login: passwords, offers: ofExim },
    { tls: "implicit", version: 1.2, login: passwords, host: "::1", offers: ofExim },
  ],
  OpenSMTPD: [{ offers: ["8BITMIME", "ENHANCEDSTATUSCODES", "SIZE", "DSN"] }],
  Dovecot: [
    { ...submission, tls: "starttls", version: 1.3 },
    { ...submission, tls: "implicit", version: 1.2, host: "::1" },
    submission,
    lmtp,
    { ...lmtp, socket: "lmtp" },
    { ...lmtp, tls: "starttls", version: 1.3, host: "::1" },
  ],
  aiosmtpd: [
    { offers: ofAiosmtpd },
    { tls: "starttls", version: 1.2, login: ["PLAIN", "LOGIN"], offers: ofAiosmtpd },
    { tls: "implicit", version: 1.3, login: ["PLAIN", "LOGIN"], host: "::1", offers: ofAiosmtpd },
    { protocol: "lmtp", offers: ofAiosmtpd },
  ],
};

/** As it is said in the report. */
export function titleOf({ server, wanted, protocol, version, socket, login, host }) {
  const { tls, bare, xclient } = wanted;
  const secured = version === undefined ? words[tls] : `${words[tls]} ${version.toFixed(1)}`;
  const parts = [
    server,
    protocol.toUpperCase(),
    secured,
    ...(bare ? ["no extensions"] : []),
    ...(xclient ? ["XCLIENT"] : []),
    ...(login.length > 0 ? ["login"] : []),
    socket === undefined ? `IPv${host === "::1" ? 6 : 4}` : "Unix socket",
  ];
  return parts.join(", ");
}

/** Those of one kind of server. */
export function configurationsOf(server) {
  return all[server].map(
    ({
      protocol = "smtp",
      tls = "none",
      version,
      socket,
      login = [],
      host = "127.0.0.1",
      offers,
      offersLater = [],
      pipelinings = ["off", "safe", "full"],
      ...special
    }) => {
      const auth = login.length > 0;
      return {
        server,
        protocol,
        version,
        tlsVersion: tlsVersions[version],
        socket,
        login,
        host,
        pipelinings,
        offers: new Set(offers),
        offersLater: new Set(offersLater),
        wanted: { protocol, tls, host, auth, ...special },
      };
    },
  );
}
