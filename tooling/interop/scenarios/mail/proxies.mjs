// XCLIENT: what a proxy tells Postfix about the client that it speaks for.
import { match, rejects } from "node:assert/strict";

async function onBehalfOfAnother(run) {
  const session = await run.session();
  await session.xclient({ NAME: "first.example", ADDR: "192.0.2.25", HELO: "hello.example", PROTO: "ESMTP" });
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  await session.sendMail(run.sender.address, mailbox.address, message);
  await session.quit();
  const [stored] = await mailbox.messages(1, run.signal);
  match(stored.toString(), /^Received: from [\w.[\]]+ \(first\.example \[192\.0\.2\.25\]\)/m);
  await run.checkArrived(mailbox, [message]);
}

async function valuesThatAreEncoded(run) {
  const session = await run.session();
  await session.xclient({ NAME: "[UNAVAILABLE]", LOGIN: "first+last=name with spaces" });
  run.checkSent(/^XCLIENT NAME=\[UNAVAILABLE\] LOGIN=first\+2Blast\+3Dname\+20with\+20spaces$/, 1);
  await rejects(session.xclient({ ADDR: "no address" }), { name: "ReplyError" });
  await session.quit();
}

export const scenarios = [{ scenario: onBehalfOfAnother }, { scenario: valuesThatAreEncoded }];
