// Logging in, by every mechanism that is offered, and not.
import { ok, rejects, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { SmtpSession } from "../../../../packages/smtp/dist/index.js";
import { tokenFor } from "../../lib/mail-tokens.mjs";

const ofTokens = ["XOAUTH2", "OAUTHBEARER"];

/** What is needed for a mechanism, right or wrong. */
function credentialsFor(run, mechanism, isRight) {
  const { name } = run.sender;
  const sasl = { mechanisms: [mechanism] };
  if (!ofTokens.includes(mechanism)) {
    const { password } = run;
    return { user: name, password: isRight ? password : `${password}-`, sasl };
  }
  const token = isRight ? tokenFor(name) : tokenFor(name, Buffer.from("another secret"));
  return { user: name, token, sasl };
}

/** Nothing of what was sent may be seen in the trace, in clear or in base64. */
function checkSecret(run, secret) {
  const forms = [
    secret,
    Buffer.from(secret)
      .toString("base64")
      .replace(/.?={0,2}$/, ""),
  ];
  for (const line of run.lines) {
    ok(!forms.some((form) => line.includes(form)), `the secret is in the trace: ${line}`);
  }
}

async function everyMechanism(run) {
  for (const mechanism of run.configuration.login) {
    const credentials = credentialsFor(run, mechanism, true);
    const session = await run.session(credentials);
    run.checkSent(new RegExp(`^AUTH ${mechanism}( |$)`), 1);
    checkSecret(run, credentials.password ?? credentials.token);
    const mailbox = run.mailbox();
    const message = run.message(mailbox);
    await session.sendMail(run.sender.address, mailbox.address, message);
    await session.quit();
    await run.checkArrived(mailbox, [message]);
  }
}

/** The server says no; then there is one QUIT, and no further attempt. */
async function wrongPasswordOrToken(run) {
  for (const mechanism of run.configuration.login) {
    const credentials = credentialsFor(run, mechanism, false);
    await rejects(
      async () => SmtpSession.connect(await run.options(credentials)),
      ({ name, reply }) => name === "ReplyError" && reply.code === 535,
    );
    run.checkSent(new RegExp(`^AUTH ${mechanism}( |$)`), 1);
    checkSecret(run, credentials.password ?? credentials.token);
  }
  run.checkSent(/^AUTH /, run.configuration.login.length);
  run.checkSent(/^QUIT$/, run.configuration.login.length);
}

/** With nothing said about how, it is the strongest that there is, and only that. */
async function strongestMechanism(run) {
  const { login } = run.configuration;
  const strongest = ["SCRAM-SHA-256", "PLAIN"].find((name) => login.includes(name));
  const session = await run.session();
  run.checkSent(/^AUTH /, 1);
  run.checkSent(new RegExp(`^AUTH ${strongest}( |$)`), 1);
  await session.quit();
  const { user } = run.credentials;
  await rejects(
    async () => SmtpSession.connect(await run.options({ user, password: "wrong" })),
    ({ name, reply }) => name === "ReplyError" && reply.code === 535,
  );
  run.checkSent(/^AUTH /, 2);
}

/** Whoever was refused may try again in the same session. */
async function secondAttempt(run) {
  const session = await SmtpSession.connect(await run.options());
  run.ending(() => session.close());
  await session.ehloOrHeloIfNeeded();
  const { user, password } = run.credentials;
  await rejects(session.login(user, "wrong"), { name: "ReplyError" });
  strictEqual(session.isOpen, true);
  strictEqual((await session.login(user, password)).code, 235);
  await session.quit();
}

/** A password that is not ASCII, and a name as in mail addresses. */
async function unknownUser(run) {
  await rejects(
    async () => SmtpSession.connect(await run.options({ user: "grüße@netcli.test", password: "Paßwört" })),
    ({ name, reply }) => name === "ReplyError" && reply.code === 535,
  );
}

/** Who has shown a certificate needs no password. */
async function clientCertificate(run) {
  const identity = readFileSync(run.place.identity, "utf8");
  const nobody = { user: undefined, password: undefined };
  const known = { external: true, tlsOptions: { key: identity, cert: identity } };
  const session = await run.session({ ...nobody, ...known }, { certificates: true });
  run.checkSent(/^AUTH EXTERNAL /, 1);
  const mailbox = run.mailbox();
  const message = run.message(mailbox);
  await session.sendMail(run.sender.address, mailbox.address, message);
  await session.quit();
  await run.checkArrived(mailbox, [message]);
}

const hasLogin = ({ login }) => login.length > 0;

const hasCertificates = ({ server, wanted, login }) =>
  server === "Dovecot" && login.length > 0 && wanted.tls !== "none";

const ofPasswords = [everyMechanism, wrongPasswordOrToken, strongestMechanism, secondAttempt, unknownUser];

export const scenarios = [
  ...ofPasswords.map((scenario) => ({ scenario, when: hasLogin })),
  { scenario: clientCertificate, when: hasCertificates },
];
