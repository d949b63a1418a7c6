// Where a session stands: what its commands have set.
import type { Capabilities } from "./capabilities.ts";
import type { Maildrop } from "./maildrop.ts";

/** RFC 1939 3. */
export type Pop3State = "AUTHORIZATION" | "TRANSACTION" | "UPDATE";

/** TLS sets it back. */
export class Standing {
  state: Pop3State = "AUTHORIZATION";
  /** Whom USER has named. */
  claimed: string | undefined;
  user: string | undefined;
  /** From the login on. */
  maildrop: Maildrop | undefined;
  /** What CAPA has said; undefined: the client has not asked. */
  heard: Capabilities | undefined;
  isUtf8 = false;
  /** A tag of LANG. */
  language = "i-default";
}
