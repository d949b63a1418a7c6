// PLAIN (RFC 4616): the user and the password, as they are.
import { ArgumentError } from "@netcli/core-transport";
import { type Mechanism, singleResponse } from "./mechanism.ts";
import { assertText, assertUser, reveal, type Secret } from "./secret.ts";

/** Who authenticates, and as whom. */
export interface PasswordOptions {
  readonly user: string;
  readonly password: Secret;
  /** Whom to act as, where that is someone else: an administrator in a user's mailbox. */
  readonly authzid?: string | undefined;
}

export function plain({ user, password, authzid = "" }: PasswordOptions): Mechanism {
  return singleResponse("PLAIN", "plaintext", async () => {
    assertUser(user);
    assertText("the authzid", authzid);
    const secret = await reveal("the password", password);
    // RFC 4616 2 wants one character at least; what is empty here was mostly not set.
    if (secret === "") throw new ArgumentError("the password is empty; nothing was sent");
    // As they are: it is the server that prepares them (RFC 4616 4).
    return Buffer.from(`${authzid}\0${user}\0${secret}`, "utf8");
  });
}
