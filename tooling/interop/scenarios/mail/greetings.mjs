// What is said before any mail: the greeting, the extensions, and the commands that are about neither.
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { send, SmtpSession } from "../../../../packages/smtp/dist/index.js";

// What the configurations say that a server has or lacks.
const known = [
  "PIPELINING",
  "SIZE",
  "8BITMIME",
  "DSN",
  "SMTPUTF8",
  "CHUNKING",
  "BINARYMIME",
  "ENHANCEDSTATUSCODES",
  "XCLIENT",
];

async function extensionsOffered(run) {
  const session = await run.session();
  match(session.welcome, /mail\.netcli\.test/);
  deepStrictEqual(
    known.filter((name) => session.hasExtn(name)),
    known.filter((name) => run.offers(name) && !run.configuration.offersLater.has(name)),
  );
  // TLS is there already, or there is none.
  strictEqual(session.hasExtn("starttls"), false);
  const { login } = run.configuration;
  deepStrictEqual(session.extensions.authMechanisms.toSorted(), login.toSorted());
  if (run.offers("SIZE")) ok(session.extensions.size >= 20_000_000);
  await session.quit();
  strictEqual(session.isOpen, false);
}

/** Every server has these, or says no; a refusal must leave the session as it was. */
async function commandsWithoutMail(run) {
  const session = await run.session();
  strictEqual((await session.noop()).code, 250);
  strictEqual((await session.rset()).code, 250);
  const mailbox = run.mailbox();
  for (const ask of [
    () => session.verify(mailbox.address),
    () => session.expn(mailbox.name),
    () => session.help().then((text) => ok(text.length > 0)),
  ]) {
    await ask().catch(({ name, reply }) => {
      strictEqual(name, "ReplyError");
      ok(reply.code >= 500 && reply.code < 600, `${reply.code}`);
    });
    strictEqual((await session.noop()).code, 250);
  }
  const { code } = await session.docmd("XNONE", "of this name");
  ok(code >= 500 && code < 600, `${code}`);
  await rejects(session.rcpt(mailbox.address), { name: "ReplyError" });
  strictEqual((await session.noop()).code, 250);
  await session.quit();
}

/** As Python's smtplib does it, with nothing done by itself. */
async function verbsOneByOne(run) {
  const { tls, protocol } = run.configuration.wanted;
  const options = await run.options(tls === "implicit" ? {} : { tls: "none" });
  const session = await SmtpSession.connect(options);
  run.ending(() => session.close());
  deepStrictEqual([...session.extensions.entries()], []);
  const greet = () => (protocol === "lmtp" ? session.lhlo() : session.ehlo("client.netcli.test"));
  await greet();
  if (tls === "starttls") {
    ok(session.hasExtn("STARTTLS"));
    await session.startTls();
    deepStrictEqual([...session.extensions.entries()], []);
    await greet();
  }
  const { user, password } = run.credentials;
  if (user !== undefined) strictEqual((await session.login(user, password)).code, 235);
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  await session.mail(run.sender.address);
  await session.rcpt(mailbox.address);
  await session.data(message);
  await session.mail(run.sender.address);
  await session.rset();
  await session.quit();
  await run.checkArrived(mailbox, [message]);
}

/** Nothing said but where and who; on this machine, TLS is used if nothing else lets us in. */
async function byUrl(run) {
  const { protocol, host, port } = await run.options();
  const url = new URL(`${protocol}://${host === "::1" ? "[::1]" : host}:${port}`);
  const { user, password } = run.credentials;
  if (user !== undefined) {
    url.username = user;
    url.password = password;
  }
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  for (const where of [url, url.href]) await send(where, { message });
  await run.checkArrived(mailbox, [message, message]);
}

/** The old way. */
async function withHelo(run) {
  const session = await SmtpSession.connect(await run.options({ tls: "none" }));
  run.ending(() => session.close());
  await session.helo();
  deepStrictEqual([...session.extensions.entries()], []);
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  const { accepted } = await session.sendMail(run.sender.address, mailbox.address, message);
  deepStrictEqual(accepted, [mailbox.address]);
  await session.quit();
  await run.checkArrived(mailbox, [message]);
}

const isOldEnough = ({ protocol, wanted, login }) =>
  protocol === "smtp" && wanted.tls === "none" && login.length === 0;

export const scenarios = [
  { scenario: extensionsOffered },
  { scenario: commandsWithoutMail },
  { scenario: verbsOneByOne },
  { scenario: byUrl, when: ({ wanted, socket }) => wanted.tls !== "implicit" && socket === undefined },
  { scenario: withHelo, when: isOldEnough },
];
