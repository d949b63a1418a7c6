// The list of mechanisms against a server that accepts, refuses, asks and cheats.
import { getEventListeners } from "node:events";
import {
  ArgumentError,
  connect,
  ConnectionClosedError,
  NotSupportedError,
  ProtocolError,
  ReplyError,
} from "@netcli/core-transport";
import { dialogue, failureOf, gate, scriptedServer } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import {
  authenticate,
  type AuthenticateOptions,
  chooseMechanisms,
  cramMd5,
  login,
  type Mechanism,
  MechanismError,
  oauthBearer,
  plain,
  scram,
  xoauth2,
} from "../src/index.ts";
import { smtp } from "./framings.ts";

const account = { user: "test", password: "1234" };
const PLAIN = "AUTH PLAIN AHRlc3QAMTIzNA==";

/** Authenticates with SMTP's framing; the script is all that may be said. */
async function play(
  mechanisms: Iterable<Mechanism>,
  script: string,
  options?: AuthenticateOptions,
): Promise<Mechanism> {
  await using server = await scriptedServer(dialogue(script));
  await using connection = await connect({ host: "127.0.0.1", port: server.port });
  try {
    return await authenticate(mechanisms, smtp(connection), options);
  } finally {
    await connection.close();
    await server.close();
  }
}

/** The tests' SCRAM, with a nonce that makes its first message known. */
function scramOf(name: string): { mechanism: Mechanism; message: string } {
  const initial = Buffer.from(`n,,n=test,r=${name}`).toString("base64");
  const mechanism = scram("SHA-256", { ...account, nonce: name });
  return { mechanism, message: `AUTH SCRAM-SHA-256 ${initial}` };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("the list", () => {
  it("ends with the first that the server accepts", async () => {
    const used = await play([plain(account), login(account)], `C: ${PLAIN}\nS: 235 in`);
    expect(used.name).toBe("PLAIN");
  });

  it("goes on where a mechanism is refused", async () => {
    const script = `C: AUTH CRAM-MD5
      S: 504 not here
      C: ${PLAIN}
      S: 235 in`;
    expect((await play([cramMd5(account), plain(account)], script)).name).toBe("PLAIN");
  });

  it("ends where the password is wrong: another attempt may lock the account", async () => {
    const error = await failureOf(play([plain(account), login(account)], `C: ${PLAIN}\nS: 535 5.7.8 wrong`));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ message: "535 5.7.8 wrong", isPermanent: true });
  });

  it("ends where the server can't tell now", async () => {
    const error = await failureOf(play([plain(account), login(account)], `C: ${PLAIN}\nS: 454 4.7.0 later`));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ message: "454 4.7.0 later", isTemporary: true });
  });

  it("fails with the last refusal where all are refused", async () => {
    const script = `C: ${PLAIN}\nS: 504 not this\nC: AUTH LOGIN\nS: 504 nor this`;
    const error = await failureOf(play([plain(account), login(account)], script));
    expect(error).toMatchObject({ message: "504 nor this" });
  });

  it("fails where it is empty", async () => {
    expect(await failureOf(play([], ""))).toBeInstanceOf(NotSupportedError);
  });

  it("goes on where a mechanism can't be used with these credentials", async () => {
    const password = "\u{1f600}";
    const message = `AUTH PLAIN ${base64(`\0test\0${password}`)}`;
    const chosen = chooseMechanisms(
      ["SCRAM-SHA-256", "PLAIN"],
      { user: "test", password },
      { isConfidential: true },
    );
    expect((await play(chosen, `C: ${message}\nS: 235 in`)).name).toBe("PLAIN");
    const strict = chooseMechanisms(
      ["SCRAM-SHA-256", "PLAIN"],
      { user: "test", password },
      { isConfidential: true, minimum: "scram-sha-1" },
    );
    expect(await failureOf(play(strict, ""))).toBeInstanceOf(ArgumentError);
  });

  it("ends with what a function for the password throws, before anything is sent", async () => {
    const failed = new Error("the keychain is locked");
    const mechanisms = [plain({ user: "test", password: () => Promise.reject(failed) }), login(account)];
    expect(await failureOf(play(mechanisms, ""))).toBe(failed);
  });
});

describe("what the mechanism knows of a refusal", () => {
  it("is the cause of the protocol's error", async () => {
    const { mechanism, message } = scramOf("x");
    const script = `C: ${message}
      S: 334 ${base64("e=unknown-user")}
      C:
      S: 535 no`;
    const error = await failureOf(play([mechanism, plain(account)], script));
    expect(error).toBeInstanceOf(ReplyError);
    expect((error as Error).cause).toBeInstanceOf(MechanismError);
    expect((error as Error).cause).toMatchObject({ reason: "unknown-user" });
  });

  it("ends the list although the protocol's code would not", async () => {
    const token = "0123456789";
    const script = `C: AUTH OAUTHBEARER ${base64("n,a=me,\u0001auth=Bearer 0123456789\u0001\u0001")}
      S: 334 ${base64('{"status":"invalid_token"}')}
      C: AQ==
      S: 504 no`;
    const error = await failureOf(
      play([oauthBearer({ user: "me", token }), xoauth2({ user: "me", token })], script),
    );
    expect((error as Error).cause).toMatchObject({ reason: "invalid_token" });
  });

  it("lets the list go on where it is about the mechanism, although the code says otherwise", async () => {
    const bindings = ["tls-exporter", "tls-server-end-point"] as const;
    const mechanisms = bindings.map((type) =>
      scram("SHA-256", { ...account, nonce: "x", channelBinding: { type, data: Buffer.from("x") } }),
    );
    const script = `C: AUTH SCRAM-SHA-256-PLUS ${base64("p=tls-exporter,,n=test,r=x")}
      S: 334 ${base64("e=unsupported-channel-binding-type")}
      C:
      S: 535 no
      C: AUTH SCRAM-SHA-256-PLUS ${base64("p=tls-server-end-point,,n=test,r=x")}
      S: 535 no`;
    const error = await failureOf(play(mechanisms, script));
    expect((error as Error).message).toBe("535 no");
    expect((error as Error).cause).toBeUndefined();
  });
});

/** A question of SCRAM, right but for its nonce. */
function question(nonce: string): string {
  return base64(`r=${nonce},s=c2FsdA==,i=4096`);
}

describe("what is wrong midway", () => {
  it("is cancelled, and ends the list (mechanism downgrade)", async () => {
    const { mechanism, message } = scramOf("x");
    const script = `C: ${message}
      S: 334 ${question("theirs")}
      C: *
      S: 501 cancelled`;
    const error = await failureOf(play([mechanism, plain(account)], script));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: expect.stringContaining("a nonce that is not made of ours") });
  });

  it("is what is told, although the server is gone before it confirms", async () => {
    const { mechanism } = scramOf("x");
    await using server = await scriptedServer(async (peer) => {
      await peer.readLine();
      await peer.send(`334 ${question("theirs")}\r\n`);
      await peer.expect("*");
    });
    await using connection = await connect({ host: "127.0.0.1", port: server.port });
    expect(await failureOf(authenticate([mechanism], smtp(connection)))).toBeInstanceOf(ProtocolError);
    await server.close();
  });

  it("is a success that nobody has proved", async () => {
    const { mechanism, message } = scramOf("x");
    const error = await failureOf(play([mechanism, plain(account)], `C: ${message}\nS: 235 in`));
    expect(error).toMatchObject({ code: "ERR_NETCLI_SASL_SERVER_UNPROVEN" });
  });

  it("is one challenge too many", async () => {
    const script = `C: ${PLAIN}
      S: 334
      C: *
      S: 501 cancelled`;
    const error = await failureOf(play([plain(account), login(account)], script));
    expect(error).toMatchObject({ message: expect.stringContaining("PLAIN has nothing more to say") });
  });

  it("is the end of the connection", async () => {
    await using server = await scriptedServer(async (peer) => void (await peer.readLine()));
    await using connection = await connect({ host: "127.0.0.1", port: server.port });
    const error = await failureOf(authenticate([plain(account), login(account)], smtp(connection)));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(server.received.toString()).toBe(`${PLAIN}\r\n`);
  });
});

describe("a signal", () => {
  it("ends the wait for a password that nobody types, before anything is sent", async () => {
    const reason = new Error("no more time");
    const controller = new AbortController();
    const asked = gate();
    const password = (): Promise<string> => {
      asked.open();
      return new Promise(() => undefined);
    };
    const playing = failureOf(play([plain({ user: "test", password })], "", { signal: controller.signal }));
    await asked.opened;
    controller.abort(reason);
    expect(await playing).toBe(reason);
  });

  it("cancels what is under way", async () => {
    const reason = new Error("no more time");
    const controller = new AbortController();
    const slow: Mechanism = {
      name: "SLOW",
      strength: "none",
      isPlaintextEquivalent: false,
      start: () => undefined,
      next: () => {
        controller.abort(reason);
        return new Promise(() => undefined);
      },
      done: () => undefined,
    };
    const script = `C: AUTH SLOW
      S: 334
      C: *
      S: 501 cancelled`;
    expect(await failureOf(play([slow, plain(account)], script, { signal: controller.signal }))).toBe(reason);
  });

  it("that was aborted before sends nothing, and leaves no listener behind", async () => {
    const aborted = AbortSignal.abort(new Error("too late"));
    expect(await failureOf(play([plain(account)], "", { signal: aborted }))).toBe(aborted.reason);
    const { signal } = new AbortController();
    await play([plain(account)], `C: ${PLAIN}\nS: 235 in`, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
