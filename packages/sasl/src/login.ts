// LOGIN (draft-murchison-sasl-login): the user, then the password. What servers ask varies, so only the order counts.
import { type Mechanism, tooManyChallenges } from "./mechanism.ts";
import { assertUser, reveal, type Secret } from "./secret.ts";

export function login({ user, password }: { readonly user: string; readonly password: Secret }): Mechanism {
  let answers: string[] = [];
  return {
    name: "LOGIN",
    strength: "plaintext",
    isPlaintextEquivalent: true,
    ignoresChallenges: true,
    start: async () => {
      assertUser(user);
      answers = [user, await reveal("the password", password)];
      return undefined;
    },
    next: () => {
      const answer = answers.shift();
      if (answer === undefined) throw tooManyChallenges("LOGIN");
      return Buffer.from(answer, "utf8");
    },
    done: () => undefined,
  };
}
