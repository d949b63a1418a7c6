// basic-ftp for the FTP jobs: loaded from the folder it was installed in, and logged in.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** `ca` is the file of an authority, for TLS. */
export async function access(folder, host, port, ca) {
  const { Client } = createRequire(join(folder, "package.json"))("basic-ftp");
  const client = new Client();
  await client.access({
    host,
    port: Number(port),
    user: "anonymous",
    password: "secret",
    secure: ca !== undefined,
    secureOptions: ca === undefined ? {} : { ca: readFileSync(ca, "latin1"), minVersion: "TLSv1.3" },
  });
  return client;
}
