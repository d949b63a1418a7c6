// SASL in the lines of POP3 (RFC 5034): how long they may be, and what a server may say between AUTH and its end.
import { ProtocolError } from "@netcli/core-transport";
import { cramMd5, external, login, type Mechanism, plain } from "@netcli/sasl";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { answer, greeted, say } from "./scripted-pop3.ts";

const user = "ada";
const password = "p4ssw0rd";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A mechanism that says all at once. */
function own(name: string, initial: string): Mechanism {
  return {
    name,
    strength: "digest",
    isPlaintextEquivalent: false,
    start: () => Buffer.from(initial),
    next: () => Buffer.from("never"),
    done: () => undefined,
  };
}

describe("the line of AUTH (RFC 5034 4)", () => {
  const response = "x".repeat(177);

  test("has an initial response while it has 255 octets at most with its end", async () => {
    const line = `AUTH X-OWN-MECHA ${base64(response)}`;
    expect(line).toHaveLength(253);
    await using fixture = await greeted((peer) => answer(peer, line, "+OK in"));
    expect(await fixture.session.auth(own("X-OWN-MECHA", response))).toMatchObject({ isOk: true });
  });

  test.each(["X-OWN-MECHAN", "X-OWN-MECHANISM"])(
    "has none if that made it longer, as with %s",
    async (name) => {
      expect(`AUTH ${name} ${base64(response)}`.length).toBeGreaterThan(253);
      await using fixture = await greeted(async (peer) => {
        await answer(peer, `AUTH ${name}`, "+ ");
        await answer(peer, base64(response), "+OK in");
      });
      await fixture.session.auth(own(name, response));
    },
  );

  test("has none for a long token, which goes out behind the challenge", async () => {
    const token = "t".repeat(2_000);
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "AUTH PLAIN", "+");
      await answer(peer, base64(`\0${user}\0${token}`), "+OK in");
    });
    const reply = await fixture.session.auth(plain({ user, password: token }));
    expect(reply).toMatchObject({ isOk: true });
  });

  test("has a sign for an initial response that is empty", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "AUTH EXTERNAL =", "+OK in");
    });
    expect(await fixture.session.auth(external())).toMatchObject({ isOk: true });
  });
});

describe("challenges", () => {
  test.each(["+ <1.2@mx>", "+ PDEuMkBteD4", "+  PDEuMkBteD4="])(
    "that are not base64, as %j, are cancelled, and the session ends",
    async (line) => {
      await using fixture = await greeted(async (peer) => {
        await answer(peer, "AUTH CRAM-MD5", line);
        await answer(peer, "*", "-ERR cancelled");
        await peer.expectEnd();
      });
      const { session } = fixture;
      expect(await failureOf(session.auth(cramMd5({ user, password })))).toBeInstanceOf(ProtocolError);
      expect(session.isOpen).toBe(false);
    },
  );

  test("without end are cancelled", async () => {
    let challenges = 0;
    await using fixture = await greeted(async (peer) => {
      for (let line = await peer.readLine(); line !== "*"; line = await peer.readLine()) {
        challenges += 1;
        await say(peer, `+ ${base64("more")}`);
      }
      await say(peer, "-ERR cancelled");
      await peer.expectEnd();
    });
    const { session } = fixture;
    expect(await failureOf(session.auth(login({ user, password })))).toBeInstanceOf(ProtocolError);
    expect(challenges).toBeLessThan(4);
  });

  test("to which there is no password are cancelled, and the session goes on", async () => {
    const locked = new Error("the keychain is locked");
    const custom: Mechanism = {
      ...own("X-OWN", ""),
      start: () => undefined,
      next: () => {
        throw locked;
      },
    };
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "AUTH X-OWN", "+ ");
      await answer(peer, "*", "-ERR cancelled");
      await answer(peer, "NOOP", "+OK");
    });
    expect(await failureOf(fixture.session.auth(custom))).toBe(locked);
    await fixture.session.noop();
  });
});
