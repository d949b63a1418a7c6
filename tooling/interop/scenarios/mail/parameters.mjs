// What can be said about a message and its recipients, where the server wants to hear it.
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { headerOf } from "../../lib/mail-message.mjs";

/** All that a client may be asked for, with the extension that it takes. */
const wishes = {
  BINARYMIME: { body: "binarymime" },
  DELIVERBY: { deliverBy: { seconds: 60, mode: "return" } },
  DSN: { envid: "1", ret: "full" },
  FUTURERELEASE: { holdFor: 60 },
  "MT-PRIORITY": { priority: 3 },
  REQUIRETLS: { requireTls: true },
  SMTPUTF8: { smtputf8: true },
};

/** What the server does not offer is not asked of it, and nobody gets the message without. */
async function whatIsNotOffered(run) {
  const client = await run.client();
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  const mail = { from: run.sender.address, to: mailbox.address, message };
  for (const [extension, wish] of Object.entries(wishes)) {
    if (!run.offers(extension))
      await rejects(client.send({ ...mail, ...wish }), { name: "NotSupportedError" });
  }
  run.checkSent(/^MAIL /, 0);
  await client.send(mail);
  await client.quit();
  await run.checkArrived(mailbox, [message]);
}

/** What is too large is known before it is sent, if its size is; if not, the server says so behind it. */
async function tooLarge(run) {
  const client = await run.client();
  const mailbox = run.mailbox();
  const message = run.message(mailbox, "x".repeat(70).concat("\r\n").repeat(300_000));
  const mail = { from: run.sender.address, to: mailbox.address };
  await rejects(client.send({ ...mail, message }), {
    name: "NotSupportedError",
    code: "ERR_NETCLI_MESSAGE_SIZE",
  });
  run.checkSent(/^MAIL /, 0);
  async function* stream() {
    yield message;
  }
  await rejects(client.send({ ...mail, message: stream }), (error) => {
    strictEqual(error.name, "SendError");
    strictEqual(error.phase, "message");
    strictEqual(error.mayHaveBeenSent, false);
    // Some say that the transaction has failed (RFC 5321 4.2.2), and only behind that why.
    match(error.recipients[0].reply.lines[0], /^(?:552|554 5\.3\.4)/);
    return true;
  });
  const small = run.message(mailbox);
  await client.send({ ...mail, message: small });
  await client.quit();
  await run.checkArrived(mailbox, [small]);
}

/** Addresses, and a header, in letters that are not ASCII. */
async function utf8Addresses(run) {
  const mailbox = run.mailbox("göran");
  const from = "jürgen@grüße.test";
  const message = headerOf({ from, to: mailbox.address, subject: "Grüße, 世界" }).concat("Grüße\r\n");
  const client = await run.client();
  const result = await client.send({ from, to: mailbox.address, message });
  deepStrictEqual(result.accepted, [mailbox.address]);
  run.checkSent(/^MAIL FROM:<jürgen@xn--gre-6ka8l\.test>.* SMTPUTF8/, 1);
  await client.quit();
  await run.checkArrived(mailbox, [message]);
}

async function utf8NotOffered(run) {
  const client = await run.client();
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  for (const [from, to] of [
    ["jürgen@netcli.test", mailbox.address],
    [run.sender.address, "grüße@netcli.test"],
  ]) {
    await rejects(client.send({ from, to, message }), { name: "NotSupportedError" });
  }
  run.checkSent(/^MAIL /, 0);
  await client.quit();
}

/** A report comes back, with what we have said about the message. */
async function deliveryReport(run) {
  const client = await run.client();
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  const envid = "message 1+2=3";
  const to = {
    address: mailbox.address,
    notify: ["success", "failure"],
    orcpt: "rfc822;first+name@netcli.test",
  };
  await client.send({ from: run.sender.address, to, message, ret: "hdrs", envid });
  await client.quit();
  run.checkSent(/^MAIL FROM:<[^>]+>.* RET=HDRS ENVID=message\+201\+2B2\+3D3/, 1);
  run.checkSent(/^RCPT TO:<[^>]+> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first\+2Bname@netcli\.test$/, 1);
  await run.checkArrived(mailbox, [message]);
  const [report] = await run.sender.messages(1, run.signal);
  match(report.toString(), /^Action: (?:delivered|relayed|expanded)$/im);
  if (run.kind.reportsBriefly) return;
  match(report.toString(), /^Original-Envelope-Id: ?message( |\+20)1(\+|\+2B)2(=|\+3D)3$/im);
  match(report.toString(), /^Original-Recipient: ?rfc822; ?first(\+|\+2B)name@netcli\.test$/im);
}

/** Those who are trusted may say who has sent a message first. */
async function submitter(run) {
  const client = await run.client();
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  for (const auth of ["first+name@netcli.test", ""]) {
    await client.send({ from: run.sender.address, to: mailbox.address, message, auth });
  }
  run.checkSent(/^MAIL FROM:<[^>]+>.* AUTH=first\+2Bname@netcli\.test/, 1);
  run.checkSent(/^MAIL FROM:<[^>]+>.* AUTH=<>/, 1);
  await client.quit();
  await run.checkArrived(mailbox, [message, message]);
}

/** Nobody wants to hear of a message again; and the address of the sender is taken from the header. */
async function envelopes(run) {
  const client = await run.client();
  const mailbox = run.mailbox();
  const other = run.mailbox();
  const message = run.message(mailbox);
  await client.send({ from: "", to: mailbox.address, message });
  run.checkSent(/^MAIL FROM:<>/, 1);
  await client.send({ message: message.replace("Subject:", `Bcc: <${other.address}>\r\nSubject:`) });
  run.checkSent(new RegExp(`^MAIL FROM:<${run.sender.address}>`), 1);
  const result = await client.send({ from: run.sender.address, to: mailbox.address, message });
  if (run.kind.namesMessages) ok(result.queueId?.length > 5, "the message has no name");
  await client.quit();
  // Who gets a copy without being named is named to nobody.
  await run.checkArrived(mailbox, [message, message, message]);
  await run.checkArrived(other, [message]);
}

const offering =
  (name) =>
  ({ offers }) =>
    offers.has(name);
const lacking =
  (name) =>
  ({ offers }) =>
    !offers.has(name);

export const scenarios = [
  { scenario: whatIsNotOffered },
  { scenario: tooLarge, when: offering("SIZE") },
  { scenario: utf8Addresses, when: offering("SMTPUTF8") },
  { scenario: utf8NotOffered, when: lacking("SMTPUTF8") },
  { scenario: deliveryReport, when: offering("DSN") },
  { scenario: submitter, when: ({ server, login }) => login.length > 0 && server !== "aiosmtpd" },
  { scenario: envelopes },
];
