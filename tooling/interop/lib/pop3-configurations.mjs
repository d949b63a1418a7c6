// The ways to speak with POP3 servers that are tried, and what each of them offers there.

const words = { none: "plain", starttls: "STLS", implicit: "implicit TLS" };
const tlsVersions = { 1.2: "TLSv1.2", 1.3: "TLSv1.3" };

const ofDovecot = {
  login: ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"],
  offers: ["TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE", "USER", "SASL"],
};

const all = {
  Dovecot: [
    ofDovecot,
    { ...ofDovecot, tls: "starttls", version: 1.2 },
    { ...ofDovecot, tls: "implicit", version: 1.3 },
    { ...ofDovecot, tls: "starttls", version: 1.3, host: "::1" },
  ],
  popa3d: [{ login: [], offers: [] }],
};

/** As it is said in the report. */
export function titleOf({ server, wanted, version, host }) {
  const secured = version === undefined ? words[wanted.tls] : `${words[wanted.tls]} ${version.toFixed(1)}`;
  return [server, "POP3", secured, `IPv${host === "::1" ? 6 : 4}`].join(", ");
}

/** Those of one kind of server. */
export function configurationsOf(server) {
  return all[server].map(({ tls = "none", version, host = "127.0.0.1", login, offers }) => ({
    server,
    version,
    tlsVersion: tlsVersions[version],
    host,
    login,
    offers: new Set(offers),
    wanted: { service: "pop3", tls, host },
  }));
}
