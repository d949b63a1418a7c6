// The folder of an FTP job: what is served, by whom, and where clients may write.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../../packages/test-kit/dist/index.js";

/** Makes all of it in `folder`: `served` is what clients see, `writable` is their "/up". */
export function makeFtpPlace(folder) {
  // The server's users must get in; the root of its clients must not be theirs.
  chmodSync(folder, 0o711);
  const [served, empty] = ["served", "empty"].map((name) => join(folder, name));
  const writable = join(served, "up");
  for (const path of [served, empty, writable]) mkdirSync(path, { mode: 0o755 });
  chmodSync(writable, 0o777);
  const authority = createAuthority();
  const { key, cert } = authority.issue();
  writeFileSync(join(folder, "identity.pem"), key + cert, { mode: 0o600 });
  const ca = join(folder, "ca.pem");
  writeFileSync(ca, authority.certificate);
  return { folder, served, writable, ca };
}
