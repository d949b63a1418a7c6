// Names and secrets as callers give them, checked before anything is made of them. No message repeats one.
import { ArgumentError } from "@netcli/core-transport";

/** A password or token, or a function that gets it: from a keychain, or from where tokens are renewed. */
export type Secret = string | (() => string | Promise<string>);

/** Throws ArgumentError for what no mechanism can carry: NUL separates fields, half a surrogate pair is no UTF-8. */
export function assertText(what: string, text: unknown): asserts text is string {
  if (typeof text !== "string") throw new ArgumentError(`${what} must be a string, not ${typeof text}`);
  if (text.includes("\0")) throw new ArgumentError(`${what} contains a NUL; nothing was sent`);
  if (/\p{Surrogate}/u.test(text)) {
    throw new ArgumentError(`${what} contains half a surrogate pair; nothing was sent`);
  }
}

/** Throws ArgumentError for a name that is not there. */
export function assertUser(user: string): void {
  assertText("the user", user);
  if (user === "") throw new ArgumentError("the user is empty; nothing was sent");
}

/** The secret itself. Rejects with ArgumentError, or as the caller's function does. */
export async function reveal(what: string, secret: Secret): Promise<string> {
  const text = typeof secret === "function" ? await secret() : secret;
  assertText(what, text);
  return text;
}

/** Asks a function once at most, however many mechanisms want to know. */
export function askedOnce(secret: Secret): Secret {
  if (typeof secret === "string") return secret;
  let answer: Promise<string> | undefined;
  return () => {
    answer ??= (async () => secret())();
    return answer;
  };
}
