// The folder of one run of all: the certificate, the account, what servers serve and where downloads go.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../../../packages/test-kit/dist/index.js";
import { makeAccount } from "./account.mjs";
import { leftover } from "./leftovers.mjs";
import { Skipped } from "./skipped.mjs";

let count = 0;

/** Makes the folder; it is removed at the end. Throws Skipped where servers can't do what they need to. */
export function makePlace() {
  // They change to other users.
  if (process.getuid?.() !== 0) throw new Skipped("not root");
  // Those users must be able to read what is served.
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), "netcli-interop-"));
  leftover(() => rmSync(folder, { recursive: true, force: true }));
  // They must get in, and see nothing else.
  chmodSync(folder, 0o711);
  const empty = join(folder, "empty");
  mkdirSync(empty);
  const authority = createAuthority();
  const { key, cert } = authority.issue();
  const identity = join(folder, "identity.pem");
  writeFileSync(identity, key + cert, { mode: 0o600 });
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, authority.certificate);
  const account = makeAccount(empty);
  return {
    folder,
    empty,
    identity,
    ca: authority.certificate,
    caFile,
    account,
    /** A folder that belongs to the account. */
    folderOfAccount(name) {
      const made = join(folder, name);
      mkdirSync(made, { recursive: true });
      chownSync(made, account.uid, account.gid);
      return made;
    },
    /** Writes a file that is a server's own; its path. */
    note(name, text) {
      count += 1;
      const file = join(folder, `${count}-${name}`);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
  };
}
