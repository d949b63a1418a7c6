// The scenarios of RFC 5321, appendix D, and of RFC 1870 and RFC 3461, as they stand there.
import { ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { RcptOptions } from "../src/index.ts";
import { replay } from "./dialogues.ts";
import { refuseUnhandled } from "./own-smtp.ts";

refuseUnhandled();

// The client of these waits for each reply.
const bar = { name: "bar.com", pipelining: "off" } as const;

const message = ["Blah blah blah...", "...etc. etc. etc.", ""].join("\r\n");

describe("RFC 5321", () => {
  test("D.1: a typical transaction, where one recipient is not there", async () => {
    const text = `
      S: 220 foo.com Simple Mail Transfer Service Ready
      C: EHLO bar.com
      S: 250-foo.com greets bar.com
      S: 250-8BITMIME
      S: 250-SIZE
      S: 250-DSN
      S: 250 HELP
      C: MAIL FROM:<Smith@bar.com>
      S: 250 OK
      C: RCPT TO:<Jones@foo.com>
      S: 250 OK
      C: RCPT TO:<Green@foo.com>
      S: 550 No such user here
      C: RCPT TO:<Brown@foo.com>
      S: 250 OK
      C: DATA
      S: 354 Start mail input; end with <CRLF>.<CRLF>
      C: Blah blah blah...
      C: ...etc. etc. etc.
      C: .
      S: 250 OK
      C: QUIT
      S: 221 foo.com Service closing transmission channel
    `.replace("C: ...etc.", "C: ....etc.");
    await replay(text, bar, async (session) => {
      await session.ehlo();
      await session.mail("Smith@bar.com");
      await session.rcpt("Jones@foo.com");
      expect(await failureOf(session.rcpt("Green@foo.com"))).toBeInstanceOf(ReplyError);
      await session.rcpt("Brown@foo.com");
      await session.data(message);
      await session.quit();
    });
    // The same in one call, which tells the size.
    await replay(text.replace("Smith@bar.com>", "Smith@bar.com> SIZE=38"), bar, async (session) => {
      const to = ["Jones@foo.com", "Green@foo.com", "Brown@foo.com"];
      const result = await session.sendMail("Smith@bar.com", to, message);
      expect(result.accepted).toEqual(["Jones@foo.com", "Brown@foo.com"]);
      expect(result.refused).toMatchObject([
        { address: "Green@foo.com", status: "refused", reply: { code: 550, text: "No such user here" } },
      ]);
      await session.quit();
    });
  });

  test("D.2: an aborted transaction", async () => {
    const text = `
      S: 220 foo.com Simple Mail Transfer Service Ready
      C: EHLO bar.com
      S: 250-foo.com greets bar.com
      S: 250-8BITMIME
      S: 250-SIZE
      S: 250-DSN
      S: 250 HELP
      C: MAIL FROM:<Smith@bar.com>
      S: 250 OK
      C: RCPT TO:<Jones@foo.com>
      S: 250 OK
      C: RCPT TO:<Green@foo.com>
      S: 550 No such user here
      C: RSET
      S: 250 OK
      C: QUIT
      S: 221 foo.com Service closing transmission channel
    `;
    await replay(text, bar, async (session) => {
      await session.ehloOrHeloIfNeeded();
      await session.mail("Smith@bar.com");
      await session.rcpt("Jones@foo.com");
      await failureOf(session.rcpt("Green@foo.com"));
      await session.rset();
      await session.quit();
    });
    await replay(text.replace("Smith@bar.com>", "Smith@bar.com> SIZE=38"), bar, async (session) => {
      const to = ["Jones@foo.com", "Green@foo.com"];
      const sending = session.sendMail("Smith@bar.com", to, message, { onPartial: "throw" });
      expect(await failureOf(sending)).toMatchObject({
        phase: "rcpt",
        recipients: [{ status: "unsent" }, { status: "refused" }],
      });
      await session.quit();
    });
  });

  test("D.3: a relayed mail, first step", async () => {
    const text = `
      S: 220 foo.com Simple Mail Transfer Service Ready
      C: EHLO bar.com
      S: 250-foo.com greets bar.com
      S: 250-8BITMIME
      S: 250-SIZE
      S: 250-DSN
      S: 250 HELP
      C: MAIL FROM:<JQP@bar.com>
      S: 250 OK
      C: RCPT TO:<Jones@xyz.com>
      S: 250 OK
      C: DATA
      S: 354 Start mail input; end with <CRLF>.<CRLF>
      C: Date: Thu, 21 May 1998 05:33:29 -0700
      C: From: John Q. Public <JQP@bar.com>
      C: Subject: The Next Meeting of the Board
      C: To: Jones@xyz.com
      C:
      C: Bill:
      C: The next meeting of the board of directors will be
      C: on Tuesday.
      C: John.
      C: .
      S: 250 OK
      C: QUIT
      S: 221 foo.com Service closing transmission channel
    `;
    const mail = [
      "Date: Thu, 21 May 1998 05:33:29 -0700",
      "From: John Q. Public <JQP@bar.com>",
      "Subject: The Next Meeting of the Board",
      "To: Jones@xyz.com",
      "",
      "Bill:",
      "The next meeting of the board of directors will be",
      "on Tuesday.",
      "John.",
      "",
    ].join("\r\n");
    // Its envelope is what its header says.
    await replay(text.replace("JQP@bar.com>\n", "JQP@bar.com> SIZE=215\n"), bar, async (session) => {
      expect(await session.sendMessage(mail)).toMatchObject({ accepted: ["Jones@xyz.com"], bytes: 215 });
      await session.quit();
    });
  });

  test("D.4: verifying and sending", async () => {
    const text = `
      S: 220 foo.com Simple Mail Transfer Service Ready
      C: EHLO bar.com
      S: 250-foo.com greets bar.com
      S: 250-8BITMIME
      S: 250-SIZE
      S: 250-DSN
      S: 250-VRFY
      S: 250 HELP
      C: VRFY Crispin
      S: 250 Mark Crispin <Admin.MRC@foo.com>
      C: MAIL FROM:<EAK@bar.com>
      S: 250 OK
      C: RCPT TO:<Admin.MRC@foo.com>
      S: 250 OK
      C: DATA
      S: 354 Start mail input; end with <CRLF>.<CRLF>
      C: Blah blah blah...
      C: ....etc. etc. etc.
      C: .
      S: 250 OK
      C: QUIT
      S: 221 foo.com Service closing transmission channel
    `;
    await replay(text, bar, async (session) => {
      await session.ehlo();
      expect(session.hasExtn("vrfy")).toBe(true);
      expect((await session.verify("Crispin")).text).toBe("Mark Crispin <Admin.MRC@foo.com>");
      await session.mail("EAK@bar.com");
      await session.rcpt("Admin.MRC@foo.com");
      await session.data(message);
      await session.quit();
    });
  });

  test("and RFC 1870: sizes that a server does not take", async () => {
    const text = `
      S: 220 sigurd.innosoft.com -- Server SMTP (PMDF V4.2-6 #1992)
      C: EHLO ymir.claremont.edu
      S: 250-sigurd.innosoft.com
      S: 250-EXPN
      S: 250-HELP
      S: 250 SIZE 1000000
      C: MAIL FROM:<ned@thor.innosoft.com> SIZE=500000
      S: 250 Address Ok.
      C: RCPT TO:<ned@innosoft.com>
      S: 250 ned@innosoft.com OK; can accomodate 500000 byte message
      C: RCPT TO:<ned@ymir.claremont.edu>
      S: 552 Channel size limit exceeded: ned@YMIR.CLAREMONT.EDU
      C: RCPT TO:<ned@hmcvax.claremont.edu>
      S: 452 Insufficient channel storage: ned@hmcvax.CLAREMONT.EDU
      C: DATA
      S: 354 Send message, ending in CRLF.CRLF.
      C: Hi
      C: .
      S: 250 Some recipients OK
      C: QUIT
      S: 221 Goodbye
    `;
    await replay(text, { ...bar, name: "ymir.claremont.edu" }, async (session) => {
      const to = ["ned@innosoft.com", "ned@ymir.claremont.edu", "ned@hmcvax.claremont.edu"];
      const result = await session.sendMail("ned@thor.innosoft.com", to, "Hi", { size: 500_000 });
      expect(result.recipients.map(({ status, reply }) => [status, reply?.code])).toEqual([
        ["accepted", 250],
        ["refused", 552],
        ["refused", 452],
      ]);
      await session.quit();
    });
  });
});

function one(address: string, ...notify: readonly ("success" | "failure")[]): RcptOptions {
  return { notify, orcpt: `rfc822;${address}` };
}

describe("RFC 3461", () => {
  test("appendix A.1: a submission that asks for reports", async () => {
    const text = `
      S: 220 Example.ORG ESMTP server ready
      C: EHLO Bombs.AF.MIL
      S: 250-Example.ORG
      S: 250-EXPN
      S: 250 DSN
      C: MAIL FROM:<Alice@example.org> RET=HDRS ENVID=QQ314159
      S: 250 <Alice@Example.ORG> sender ok
      C: RCPT TO:<Bob@example.com> NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM
      S: 250 <Bob@Example.COM> recipient ok
      C: RCPT TO:<Carol@ivory.edu> NOTIFY=FAILURE ORCPT=rfc822;Carol@Ivory.EDU
      S: 250 <Carol@Ivory.EDU> recipient ok
      C: RCPT TO:<Dana@ivory.edu> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Dana@Ivory.EDU
      S: 250 <Dana@Ivory.EDU> recipient ok
      C: RCPT TO:<Eric@bombs.af.mil> NOTIFY=FAILURE ORCPT=rfc822;Eric@Bombs.AF.MIL
      S: 250 <Eric@Bombs.AF.MIL> recipient ok
      C: RCPT TO:<Fred@bombs.af.mil> NOTIFY=NEVER
      S: 250 <Fred@Bombs.AF.MIL> recipient ok
      C: RCPT TO:<George@tax-me.gov> NOTIFY=FAILURE ORCPT=rfc822;George@Tax-ME.GOV
      S: 250 <George@Tax-ME.GOV> recipient ok
      C: DATA
      S: 354 okay, send message
      C: .
      S: 250 message accepted
      C: QUIT
      S: 221 goodbye
    `;
    await replay(text, { name: "Bombs.AF.MIL", pipelining: "off" }, async (session) => {
      await session.ehlo();
      await session.mail("Alice@Example.ORG", { ret: "hdrs", envid: "QQ314159" });
      await session.rcpt("Bob@Example.COM", one("Bob@Example.COM", "success"));
      await session.rcpt("Carol@Ivory.EDU", one("Carol@Ivory.EDU", "failure"));
      await session.rcpt("Dana@Ivory.EDU", one("Dana@Ivory.EDU", "success", "failure"));
      await session.rcpt("Eric@Bombs.AF.MIL", one("Eric@Bombs.AF.MIL", "failure"));
      await session.rcpt("Fred@Bombs.AF.MIL", { notify: "never" });
      await session.rcpt("George@Tax-ME.GOV", one("George@Tax-ME.GOV", "failure"));
      expect(await session.data("")).toMatchObject({ code: 250, text: "message accepted" });
      await session.quit();
    });
  });
});
