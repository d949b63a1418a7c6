// The folder of one run: what the server serves, its certificate, and where downloads go.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../../../packages/test-kit/dist/index.js";
import { leftover } from "./leftovers.mjs";
import { Skipped } from "./skipped.mjs";

const bigBytes = 104_857_600;
const neededBytes = 3 * bigBytes;

/** What a name may hold: quotes, spaces, letters beyond ASCII, and what means something in URLs. */
export const unusualName = `it's "said" in 50% – Grüße#1.txt`;

/** Makes the folder; it is removed at the end. */
export function makePlace() {
  // The server's users must be able to read it.
  process.umask(0o022);
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize < neededBytes) throw new Skipped("300 MiB of temporary space needed");
  const folder = mkdtempSync(join(tmpdir(), "netcli-interop-"));
  leftover(() => rmSync(folder, { recursive: true, force: true }));
  // Those users must get in, and see nothing but what is served.
  chmodSync(folder, 0o711);
  const served = join(folder, "served");
  const files = new Map([
    ["big.bin", randomBytes(bigBytes)],
    ["empty", Buffer.alloc(0)],
    [unusualName, Buffer.from("found\n")],
    ["pub/deep/small.txt", Buffer.from("small\n")],
  ]);
  for (const [name, content] of files) {
    mkdirSync(join(served, name, ".."), { recursive: true });
    writeFileSync(join(served, name), content);
  }
  const empty = join(folder, "empty");
  mkdirSync(empty);
  const authority = createAuthority();
  const { key, cert } = authority.issue();
  const identity = join(folder, "identity.pem");
  writeFileSync(identity, key + cert, { mode: 0o600 });
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, authority.certificate);
  return { folder, served, files, empty, identity, ca: authority.certificate, caFile };
}
