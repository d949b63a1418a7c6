// CRAM-MD5 (RFC 2195): an MD5 of the server's challenge and the password. The server proves nothing, and who reads
// along can try passwords at leisure.
import { createHmac } from "node:crypto";
import { ProtocolError } from "@netcli/core-transport";
import { type Mechanism, tooManyChallenges } from "./mechanism.ts";
import { assertUser, reveal, type Secret } from "./secret.ts";

export function cramMd5({ user, password }: { readonly user: string; readonly password: Secret }): Mechanism {
  let key: string | undefined;
  return {
    name: "CRAM-MD5",
    strength: "digest",
    isPlaintextEquivalent: false,
    start: async () => {
      assertUser(user);
      key = await reveal("the password", password);
      return undefined;
    },
    next: (challenge) => {
      if (key === undefined) throw tooManyChallenges("CRAM-MD5");
      // The same answer each time, then: whoever has heard it once could give it.
      if (challenge.length === 0) throw new ProtocolError("the server's CRAM-MD5 challenge is empty");
      const digest = createHmac("md5", key).update(challenge).digest("hex");
      key = undefined;
      return Buffer.from(`${user} ${digest}`, "utf8");
    },
    done: () => undefined,
  };
}
