// Servers that do not know the password, and say that we are in (RFC 5802), in the lines of POP3 (RFC 5034).
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { LimitError, ProtocolError } from "@netcli/core-transport";
import { failureOf, type ScriptedPeer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Pop3ReplyError } from "../src/index.ts";
import { answer, greeted, say } from "./scripted-pop3.ts";

const salt = Buffer.from("sixteen bytes of");
const iterations = 4_096;
const user = "user";
const password = "pencil";

function hmac(key: Uint8Array, text: Uint8Array | string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function challenge(text: string): string {
  return `+ ${Buffer.from(text).toString("base64")}`;
}

function decoded(line: string): string {
  return Buffer.from(line, "base64").toString();
}

/** Offers SCRAM and weaker mechanisms, expects AUTH, and has its first message. */
async function first(
  peer: ScriptedPeer,
  tamper = (message: string): string => message,
): Promise<readonly [bare: string, message: string]> {
  const line = await peer.expect(/^AUTH SCRAM-SHA-256 /);
  const bare = decoded(line.split(" ")[2] ?? "").replace(/^[nyp][^,]*,[^,]*,/, "");
  const nonce = /r=([^,]+)/.exec(bare)?.[1] ?? "";
  const message = tamper(`r=${nonce}server,s=${salt.toString("base64")},i=${iterations}`);
  await say(peer, challenge(message));
  return [bare, message];
}

/** The whole exchange up to the server's proof, which the client has yet to answer. */
async function proof(peer: ScriptedPeer, tamper = (message: string): string => message): Promise<void> {
  const [bare, message] = await first(peer);
  const [withoutProof = "", shown = ""] = decoded(await peer.readLine()).split(",p=");
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const authMessage = `${bare},${message},${withoutProof}`;
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  const signature = hmac(storedKey, authMessage);
  const key = Buffer.from(shown, "base64").map((byte, at) => byte ^ (signature[at] ?? 0));
  if (!createHash("sha256").update(key).digest().equals(storedKey))
    throw new Error("the client's proof is wrong");
  const own = hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
  await say(peer, challenge(tamper(`v=${own}`)));
}

/** Takes the "*" that gives up. */
async function cancelled(peer: ScriptedPeer): Promise<void> {
  await answer(peer, "*", "-ERR cancelled");
}

async function offering(script: (peer: ScriptedPeer) => Promise<void>): ReturnType<typeof greeted> {
  const fixture = await greeted(async (peer) => {
    await answer(peer, "CAPA", "+OK", "USER", "SASL SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5", ".");
    await script(peer);
  });
  await fixture.session.capa();
  return fixture;
}

test("a server that knows the password is believed", async () => {
  await using fixture = await offering(async (peer) => {
    await proof(peer);
    await answer(peer, "", "+OK in");
    await answer(peer, "STAT", "+OK 0 0");
  });
  const { session } = fixture;
  expect(await session.login(user, password)).toMatchObject({ isOk: true, text: "in" });
  expect(await session.stat()).toEqual({ count: 0, size: 0 });
});

/** What a server does that knows no password. */
const forgeries: [string, (peer: ScriptedPeer) => Promise<void>, typeof ProtocolError | typeof LimitError][] =
  [
    ["says that we are in at once", (peer) => answer(peer, /^AUTH SCRAM/, "+OK in"), ProtocolError],
    [
      "says that we are in instead of its proof",
      async (peer) => {
        await first(peer);
        await answer(peer, /./, "+OK in");
      },
      ProtocolError,
    ],
    [
      "says that we are in behind an empty proof",
      async (peer) => {
        await proof(peer, () => "");
        await cancelled(peer);
      },
      ProtocolError,
    ],
    [
      "has a proof of its own",
      async (peer) => {
        await proof(peer, () => `v=${Buffer.alloc(32, 7).toString("base64")}`);
        await cancelled(peer);
      },
      ProtocolError,
    ],
    [
      "refuses in SCRAM's words and lets us in all the same",
      async (peer) => {
        await proof(peer, () => "e=other-error");
        await answer(peer, "", "+OK in");
      },
      ProtocolError,
    ],
    [
      "has a nonce of its own",
      async (peer) => {
        await first(peer, (message) => message.replace(/r=[^,]+/, "r=mine"));
        await cancelled(peer);
      },
      ProtocolError,
    ],
    [
      "adds nothing to our nonce",
      async (peer) => {
        await first(peer, (message) => message.replace("server,", ","));
        await cancelled(peer);
      },
      ProtocolError,
    ],
    [
      "wants next to no iterations",
      async (peer) => {
        await first(peer, (message) => message.replace(/i=\d+/, "i=1"));
        await cancelled(peer);
      },
      ProtocolError,
    ],
    [
      "wants more iterations than we have time for (CVE-2026-42256)",
      async (peer) => {
        await first(peer, (message) => message.replace(/i=\d+/, "i=2147483647"));
        await cancelled(peer);
      },
      LimitError,
    ],
    [
      "goes on asking behind its proof",
      async (peer) => {
        await proof(peer);
        await answer(peer, "", challenge("more"));
        await cancelled(peer);
      },
      ProtocolError,
    ],
  ];

test.each(forgeries)(
  "a server that %s is not believed, is shown no password in another way, and is left",
  async (_what, script, type) => {
    await using fixture = await offering(async (peer) => {
      await script(peer);
      await peer.expectEnd();
    });
    const { session, server } = fixture;
    expect(await failureOf(session.login(user, password))).toBeInstanceOf(type);
    expect(session.isOpen).toBe(false);
    expect(await failureOf(session.stat())).toBeInstanceOf(Error);
    await server.settled();
    expect(server.received.toString().match(/^(?:AUTH|USER|PASS) .*/gm)).toEqual([
      expect.stringMatching(/^AUTH SCRAM-SHA-256 /),
    ]);
  },
);

describe("a refusal in SCRAM's own words", () => {
  test.each(["e=unknown-user", "e=invalid-proof", "e=other-error"])("of %s ends the list", async (words) => {
    await using fixture = await offering(async (peer) => {
      await proof(peer, () => words);
      await answer(peer, "", "-ERR [AUTH] no");
      await answer(peer, "NOOP", "+OK");
    });
    const { session, server } = fixture;
    expect(await failureOf(session.login(user, password))).toBeInstanceOf(Pop3ReplyError);
    await session.noop();
    expect(server.received.toString().match(/^AUTH/gm)).toHaveLength(1);
  });
});
