// What a server may say between AUTH and its end, and how long our lines may be (RFC 4954 4).
import { ProtocolError, ReplyError } from "@netcli/core-transport";
import { external, type Mechanism } from "@netcli/sasl";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SmtpSession } from "../src/index.ts";
import { introduced, refuseUnhandled, smtpServer } from "./scripted-smtp.ts";

refuseUnhandled();

const user = "ada";
const password = "p4ssw0rd";
const token = "t0ken";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("challenges", () => {
  const chosen: [string, string][] = [
    ["PLAIN", "AUTH PLAIN"],
    ["LOGIN", "AUTH LOGIN"],
    ["CRAM-MD5", "AUTH CRAM-MD5"],
    ["SCRAM-SHA-256", "AUTH SCRAM-SHA-256"],
    ["XOAUTH2", "AUTH XOAUTH2"],
    ["OAUTHBEARER", "AUTH OAUTHBEARER"],
  ];

  test.each(chosen)("without end are cancelled with %s, and the session ends", async (mechanism, offer) => {
    let challenges = 0;
    let sent = "";
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet(offer);
      for (let line = await smtp.peer.readLine(); line !== "*"; line = await smtp.peer.readLine()) {
        challenges += 1;
        await smtp.say(`334 ${base64(`{"status":"${challenges}"}`)}`);
      }
      await smtp.say("501 cancelled");
      sent = (await smtp.peer.readToEnd()).toString();
    });
    const { host, port } = server;
    const secret = mechanism.includes("OA") ? { token } : { password };
    expect(await failureOf(SmtpSession.connect({ host, port, user, ...secret }))).toBeInstanceOf(
      ProtocolError,
    );
    await server.settled();
    expect(challenges).toBeLessThan(4);
    expect(sent).toBe("");
  });

  test.each([
    ["CRAM-MD5", "334 <1.2@mx>"],
    ["CRAM-MD5", "334 PDEuMkBteD4"],
    ["CRAM-MD5", "334  PDEuMkBteD4="],
    ["CRAM-MD5", "334-PDEuMkBteD4=\r\n334 PDEuMkBteD4="],
  ])("of %s that are not base64, as %j, are cancelled, and the session ends", async (mechanism, line) => {
    await using fixture = await introduced([`AUTH ${mechanism}`], async (smtp) => {
      await smtp.answer(`AUTH ${mechanism}`, line);
      await smtp.answer("*", "501 cancelled");
      await smtp.peer.expectEnd();
    });
    const { session } = fixture;
    expect(await failureOf(session.login(user, password))).toBeInstanceOf(ProtocolError);
    expect(session.isOpen).toBe(false);
  });

  test.each(["334 Username:", "334", "334 ", "334 !", "334-a\r\n334 b"])(
    "of LOGIN may be anything, as %j: only their order counts",
    async (line) => {
      await using fixture = await introduced(["AUTH LOGIN"], async (smtp) => {
        await smtp.answer("AUTH LOGIN", line);
        await smtp.answer(base64(user), line);
        await smtp.answer(base64(password), "235 in");
      });
      expect(await fixture.session.login(user, password)).toMatchObject({ code: 235 });
    },
  );

  test("that we give up are given up with no answer to the cancellation, too", async () => {
    await using fixture = await introduced(
      ["AUTH CRAM-MD5"],
      async (smtp) => {
        await smtp.answer("AUTH CRAM-MD5", "334 !");
        await smtp.expect("*");
        await smtp.peer.expectEnd();
      },
      { timeouts: { reply: 100 } },
    );
    expect(await failureOf(fixture.session.login(user, password))).toBeInstanceOf(ProtocolError);
  });

  test("to which there is no password are cancelled, and the session goes on", async () => {
    const asked = new Error("the keychain is locked");
    const custom: Mechanism = {
      name: "X-OWN",
      strength: "digest",
      isPlaintextEquivalent: false,
      start: () => undefined,
      next: () => {
        throw asked;
      },
      done: () => undefined,
    };
    await using fixture = await introduced(["AUTH X-OWN"], async (smtp) => {
      await smtp.answer("AUTH X-OWN", "334 ");
      await smtp.answer("*", "501 cancelled");
      await smtp.prove();
    });
    const { session } = fixture;
    expect(await failureOf(session.auth(custom))).toBe(asked);
    await session.noop();
  });
});

/** A mechanism that says all at once. */
function own(mechanism: string, initial: string): Mechanism {
  return {
    name: mechanism,
    strength: "digest",
    isPlaintextEquivalent: false,
    start: () => Buffer.from(initial),
    next: () => Buffer.from("never"),
    done: () => undefined,
  };
}

describe("the line of AUTH (RFC 4954 4)", () => {
  const response = "x".repeat(375);

  test("has an initial response while it has 512 octets at most with its end", async () => {
    const line = `AUTH XOWN ${base64(response)}`;
    expect(line).toHaveLength(510);
    await using fixture = await introduced(["AUTH XOWN"], (smtp) => smtp.answer(line, "235 in"));
    await fixture.session.auth(own("XOWN", response));
  });

  test.each(["X-OWN", "XOWN-AND-LONGER"])(
    "has none if that made it longer, as with %s",
    async (mechanism) => {
      expect(`AUTH ${mechanism} ${base64(response)}`.length).toBeGreaterThan(510);
      await using fixture = await introduced([`AUTH ${mechanism}`], async (smtp) => {
        await smtp.answer(`AUTH ${mechanism}`, "334 ");
        await smtp.answer(base64(response), "235 in");
      });
      await fixture.session.auth(own(mechanism, response));
    },
  );

  test("has none for a long password, which goes out behind the challenge", async () => {
    const long = "x".repeat(10_000);
    await using fixture = await introduced(["AUTH PLAIN"], async (smtp) => {
      await smtp.answer("AUTH PLAIN", "334 ");
      await smtp.answer(base64(`\0${user}\0${long}`), "235 in");
    });
    expect(await fixture.session.login(user, long)).toMatchObject({ code: 235 });
  });

  test("has a sign for an initial response that is empty", async () => {
    await using fixture = await introduced(["AUTH EXTERNAL"], (smtp) =>
      smtp.answer("AUTH EXTERNAL =", "235 in"),
    );
    expect(await fixture.session.auth(external())).toMatchObject({ code: 235 });
  });

  test("is refused without the response having been sent, and nothing more is", async () => {
    await using fixture = await introduced(["AUTH PLAIN"], async (smtp) => {
      await smtp.answer("AUTH PLAIN", "535 no");
      await smtp.prove();
    });
    const { session } = fixture;
    expect(await failureOf(session.login(user, "x".repeat(1_000)))).toBeInstanceOf(ReplyError);
    await session.noop();
  });
});
