// EXTERNAL (RFC 4422 A): who we are was shown elsewhere, by a client certificate or a Unix socket.
import { type Mechanism, singleResponse } from "./mechanism.ts";
import { assertText } from "./secret.ts";

export interface ExternalOptions {
  /** Whom to act as; by default whom the certificate names. */
  readonly authzid?: string | undefined;
}

export function external({ authzid = "" }: ExternalOptions = {}): Mechanism {
  return singleResponse("EXTERNAL", "external", () => {
    assertText("the authzid", authzid);
    return Buffer.from(authzid, "utf8");
  });
}
