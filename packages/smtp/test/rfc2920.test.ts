// The examples of RFC 2920 (pipelining), RFC 3030 (chunks) and RFC 2033 (LMTP), as they stand there.
import { failureOf, type ScriptedPeer, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type SmtpOptions, SmtpSession } from "../src/index.ts";
import { refuseUnhandled } from "./own-smtp.ts";
import { replay } from "./dialogues.ts";

refuseUnhandled();

const from = "mrose@dbc.mtview.ca.us";
const to = ["ned@innosoft.com", "dan@innosoft.com", "kvc@innosoft.com"];

/** Takes all lines of a group, and answers them then: who waits in between waits for ever. */
async function group(
  peer: ScriptedPeer,
  lines: readonly string[],
  ...replies: readonly string[]
): Promise<void> {
  for (const line of lines) await peer.expect(line);
  // In one write, or more would be there, or less.
  expect(peer.received.toString().endsWith(`${lines.join("\r\n")}\r\n`)).toBe(true);
  await peer.send(replies.map((reply) => `${reply}\r\n`).join(""));
}

async function against(
  script: (peer: ScriptedPeer) => Promise<void>,
  options: Partial<SmtpOptions>,
  work: (session: SmtpSession) => Promise<void>,
): Promise<void> {
  await using server = await scriptedServer(async (peer) => {
    await script(peer);
    await peer.expectEnd();
  });
  const { host, port } = server;
  const session = await SmtpSession.connect({ host, port, name: "dbc.mtview.ca.us", ...options });
  try {
    await work(session);
  } finally {
    session.close();
    await server.settled();
    await server.close();
  }
}

const greeting = async (peer: ScriptedPeer, verb: string = "EHLO"): Promise<void> => {
  await peer.send("220 Innosoft.com SMTP service ready\r\n");
  await group(peer, [`${verb} dbc.mtview.ca.us`], "250-innosoft.com", "250 PIPELINING");
};

const taking = async (peer: ScriptedPeer): Promise<void> => {
  await greeting(peer);
  const envelope = [`MAIL FROM:<${from}>`, ...to.map((one) => `RCPT TO:<${one}>`), "DATA"];
  await group(
    peer,
    envelope,
    "250 sender <mrose@dbc.mtview.ca.us> OK",
    "250 recipient <ned@innosoft.com> OK",
    "250 recipient <dan@innosoft.com> OK",
    "250 recipient <kvc@innosoft.com> OK",
    '354 enter mail, end with line containing only "."',
  );
  await group(peer, ["Hi", "."], "250 message sent");
  await group(peer, ["QUIT"], "221 goodbye");
};

describe("RFC 2920", () => {
  test("the envelope goes out as one group, and the rest behind its answers", async () => {
    await against(taking, {}, async (session) => {
      const { accepted, reply } = await session.sendMail(from, to, "Hi\r\n");
      expect(accepted).toEqual(to);
      expect(reply.text).toBe("message sent");
      await session.quit();
    });
  });

  test.each(["354 enter mail", "554 no valid recipients given"])(
    "where all recipients are refused, and DATA is answered with %j",
    async (goAhead) => {
      const script = async (peer: ScriptedPeer): Promise<void> => {
        await greeting(peer);
        const two = to.slice(0, 2);
        await group(
          peer,
          [`MAIL FROM:<${from}>`, ...two.map((one) => `RCPT TO:<${one}>`), "DATA"],
          "250 remote <mrose@dbc.mtview.ca.us> OK",
          "550 remote user unknown",
          "550 remote user unknown",
          goAhead,
        );
        // An empty message, which is for nobody.
        if (goAhead.startsWith("354")) await group(peer, ["."], "554 no valid recipients");
        const rest = goAhead.startsWith("354") ? ["QUIT"] : ["RSET", "QUIT"];
        await group(peer, rest, ...rest.map((line) => (line === "RSET" ? "250 reset" : "221 goodbye")));
      };
      await against(script, {}, async (session) => {
        const error = await failureOf(session.sendMail(from, to.slice(0, 2), "Hi\r\n"));
        expect(error).toMatchObject({
          phase: "rcpt",
          isPermanent: true,
          mayHaveBeenSent: false,
          recipients: [
            { status: "refused", reply: { code: 550 } },
            { status: "refused", reply: { code: 550 } },
          ],
        });
        await session.quit();
      });
    },
  );
});

const chunked = `
  S: 220 cnri.reston.va.us SMTP service ready
  C: EHLO ymir.claremont.edu
  S: 250-cnri.reston.va.us says hello
  S: 250 CHUNKING
  C: MAIL FROM:<Sam@random.com>
  S: 250 <Sam@Random.com>... Sender ok
  C: RCPT TO:<susan@random.com>
  S: 250 <Susan@random.com>... Recipient ok
  C: BDAT 10 LAST
  C: To: Susan
  S: 250 Message OK, 86 octets received
  C: QUIT
  S: 221 Goodbye
`;

const takingChunks = async (peer: ScriptedPeer): Promise<void> => {
  await peer.send("220 cnri.reston.va.us SMTP service ready\r\n");
  await peer.expect("EHLO dbc.mtview.ca.us");
  await peer.send("250-cnri.reston.va.us\r\n250-PIPELINING\r\n250-BINARYMIME\r\n250 CHUNKING\r\n");
  await group(
    peer,
    ["MAIL FROM:<ned@ymir.claremont.edu> BODY=BINARYMIME", "RCPT TO:<gvaudre@cnri.reston.va.us>"],
    "250 sender ok",
    "250 recipient ok",
  );
  await peer.expect("BDAT 6");
  expect(await peer.read(6)).toEqual(Buffer.from("\0\r.\n\r\n"));
  await peer.expect("BDAT 3");
  await peer.read(3);
  await peer.expect("BDAT 0 LAST");
  await peer.send("250 6 octets\r\n250 3 octets\r\n250 Message OK\r\n");
  await group(peer, ["QUIT"], "221 goodbye");
};

describe("RFC 3030", () => {
  test("4.1: a message in one chunk", async () => {
    await replay(
      chunked.replace("BDAT 10", "BDAT 11"),
      { name: "ymir.claremont.edu", chunking: true },
      async (session) => {
        const result = await session.sendMail("Sam@random.com", "susan@random.com", "To: Susan\r\n");
        expect(result).toMatchObject({ accepted: ["susan@random.com"], bytes: 11 });
        await session.quit();
      },
    );
  });

  test("4.2: a message of several chunks, without waiting for any of them", async () => {
    await against(takingChunks, {}, async (session) => {
      await session.ehlo();
      await Promise.all([
        session.mail("ned@ymir.claremont.edu", { body: "binarymime" }),
        session.rcpt("gvaudre@cnri.reston.va.us"),
      ]);
      const replies = await Promise.all([
        session.bdat("\0\r.\n\r\n"),
        session.bdat("abc"),
        session.bdat("", { last: true }),
      ]);
      expect(replies.map(({ text }) => text)).toEqual(["6 octets", "3 octets", "Message OK"]);
      await session.quit();
    });
  });
});

describe("RFC 2033", () => {
  const recipients = ["pat@foo.edu", "jones@foo.edu", "green@foo.edu"];

  const script = async (peer: ScriptedPeer): Promise<void> => {
    await peer.send("220 foo.edu LMTP server ready\r\n");
    await group(peer, ["LHLO dbc.mtview.ca.us"], "250-foo.edu", "250-PIPELINING", "250 SIZE");
    await group(
      peer,
      ["MAIL FROM:<chris@bar.com>", ...recipients.map((one) => `RCPT TO:<${one}>`), "DATA"],
      "250 OK",
      "250 OK",
      "550 No such user here",
      "250 OK",
      "354 Start mail input; end with <CRLF>.<CRLF>",
    );
    await group(
      peer,
      ["Blah blah blah...", "....etc. etc. etc.", "."],
      "250 OK",
      "452 <green@foo.edu> is temporarily over quota",
    );
    await group(peer, ["QUIT"], "221 foo.edu closing connection");
  };

  test("4.2: a reply for each recipient that was accepted", async () => {
    const message = "Blah blah blah...\r\n...etc. etc. etc.\r\n";
    const wanted = { protocol: "lmtp" } as const;
    await against(script, wanted, async (session) => {
      await session.lhlo();
      const all = await Promise.allSettled([
        session.mail("chris@bar.com"),
        ...recipients.map((one) => session.rcpt(one)),
        session.data(message),
      ]);
      expect(all.map(({ status }) => status === "fulfilled")).toEqual([true, true, false, true, true]);
      expect(all[4]).toMatchObject({ value: { code: 250, replies: [{ code: 250 }, { code: 452 }] } });
      await session.quit();
    });
  });
});
