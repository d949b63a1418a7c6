// How ours logs in to the servers of the FTP jobs: in clear, or over TLS 1.3 with the certificate of an authority.
import { readFileSync } from "node:fs";

export const ftpOptions = (host, port, ca) => ({
  host,
  port: Number(port),
  user: "anonymous",
  password: "secret",
  tls: ca === undefined ? "none" : "starttls",
  tlsOptions: ca === undefined ? {} : { ca: readFileSync(ca, "latin1"), minVersion: "TLSv1.3" },
});
