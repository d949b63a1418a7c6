// Logging in, by every mechanism that is offered, by the older ways, and not.
import { ok, rejects, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { tokenFor } from "../../lib/mail-tokens.mjs";

const ofTokens = ["XOAUTH2", "OAUTHBEARER"];

const isRefusal = ({ name, responseCode }) => name === "Pop3ReplyError" && responseCode === "AUTH";
const isRefused = ({ name }) => name === "Pop3ReplyError";

/** What is needed for a mechanism, right or wrong. */
function credentialsFor(run, mechanism, isRight) {
  const { user, password } = run.credentials;
  const sasl = { mechanisms: [mechanism] };
  if (!ofTokens.includes(mechanism)) return { user, password: isRight ? password : `${password}-`, sasl };
  const token = isRight ? tokenFor(user) : tokenFor(user, Buffer.from("another secret"));
  return { user, password: undefined, token, sasl };
}

/** Nothing of what was sent may be seen in the trace, in clear or in base64. */
function checkSecret(run, secret) {
  const inBase64 = Buffer.from(secret)
    .toString("base64")
    .replace(/.?={0,2}$/, "");
  for (const line of run.lines) {
    ok(!line.includes(secret) && !line.includes(inBase64), `the secret is in the trace: ${line}`);
  }
}

async function everyMechanism(run) {
  const [message] = run.stock(["one line\r\n"]);
  for (const mechanism of run.configuration.login) {
    const credentials = credentialsFor(run, mechanism, true);
    const session = await run.session(credentials);
    run.checkSent(new RegExp(`^AUTH ${mechanism}( |$)`), 1);
    checkSecret(run, credentials.password ?? credentials.token);
    run.checkCame([await (await session.retr(1)).bytes()], [message]);
    await session.quit();
  }
}

/** The server says no; then there is one QUIT, and no further attempt. */
async function wrongPasswordOrToken(run) {
  const { login } = run.configuration;
  const wrong = login.map((mechanism) => credentialsFor(run, mechanism, false));
  // Each of them has to wait; all of them at once are too many for one signal.
  const attempts = wrong.map((credentials) => run.session({ ...credentials, signal: undefined }));
  await Promise.all(attempts.map((attempt) => rejects(attempt, isRefusal)));
  for (const { password, token } of wrong) checkSecret(run, password ?? token);
  const { length } = login;
  run.checkSent(/^AUTH /, length);
  run.checkSent(/^QUIT$/, length);
}

/** With nothing said about how, it is the strongest that there is, and only that. */
async function strongestMechanism(run) {
  const session = await run.session();
  await session.quit();
  run.checkSent(/^AUTH /, 1);
  run.checkSent(/^AUTH SCRAM-SHA-256( |$)/, 1);
  await rejects(run.session({ password: "wrong" }), isRefusal);
  run.checkSent(/^(?:AUTH|USER|PASS|APOP) /, 2);
}

/** With whatever there is: USER and PASS where there are no mechanisms. */
async function userAndPassword(run) {
  const { user, password } = run.credentials;
  run.stock(["one line\r\n"]);
  const session = await run.session();
  strictEqual((await session.stat()).count, 1);
  await session.quit();
  run.checkSent(/^USER /, run.configuration.login.length === 0 ? 1 : 0);
  checkSecret(run, password);
  await rejects(run.session({ password: `${password}-` }), isRefused);
  await rejects(run.session({ user: `${user}-nobody` }), isRefused);
}

/** The verbs themselves; whoever was refused may try again in the same session. */
async function userAndPassOneByOne(run) {
  const { user, password } = run.credentials;
  const session = await run.greeted();
  await rejects(session.stat(), isRefused);
  await session.user(user);
  await rejects(session.pass("wrong"), isRefusal);
  strictEqual(session.isOpen, true);
  await session.user(user);
  strictEqual((await session.pass(password)).isOk, true);
  strictEqual((await session.stat()).count, 0);
  await session.quit();
  checkSecret(run, password);
}

async function secondAttempt(run) {
  const { user, password } = run.credentials;
  const session = await run.greeted();
  await rejects(session.login(user, "wrong"), isRefusal);
  strictEqual((await session.login(user, password)).isOk, true);
  await session.quit();
}

/** Its digest is right, but nothing takes it by itself. */
async function apopIfAskedFor(run) {
  const { user, password } = run.credentials;
  const session = await run.greeted();
  await rejects(session.apop(user, "wrong"), isRefusal);
  strictEqual((await session.apop(user, password)).isOk, true);
  strictEqual((await session.stat()).count, 0);
  await session.quit();
  // There are better ways.
  const other = await run.session({ apop: true });
  await other.quit();
  run.checkSent(/^APOP /, 2);
}

/** A greeting without anything to hash. */
async function apopNotThere(run) {
  const { user, password } = run.credentials;
  const session = await run.greeted();
  await rejects(session.apop(user, password), { name: "NotSupportedError" });
  await session.quit();
  run.checkSent(/^APOP/, 0);
}

/** A password that is not ASCII, and a name as in mail addresses. */
async function unknownUser(run) {
  await rejects(run.session({ user: "grüße@netcli.test", password: "Paßwört" }), isRefusal);
}

/** Who has shown a certificate needs no password. */
async function clientCertificate(run) {
  const identity = readFileSync(run.place.identity, "utf8");
  const nobody = { user: undefined, password: undefined };
  const known = { external: true, tlsOptions: { key: identity, cert: identity } };
  const session = await run.session({ ...nobody, ...known }, { certificates: true });
  run.checkSent(/^AUTH EXTERNAL /, 1);
  strictEqual((await session.stat()).count, 0);
  await session.quit();
}

const hasLogin = ({ login }) => login.length > 0;
const hasNone = ({ login }) => login.length === 0;

export const scenarios = [
  ...[everyMechanism, wrongPasswordOrToken, strongestMechanism].map((scenario) => ({
    scenario,
    when: hasLogin,
  })),
  { scenario: userAndPassword },
  { scenario: userAndPassOneByOne, when: hasLogin },
  { scenario: secondAttempt, when: hasLogin },
  { scenario: apopIfAskedFor, when: hasLogin },
  { scenario: unknownUser, when: hasLogin },
  { scenario: clientCertificate, when: ({ wanted }) => wanted.tls !== "none" },
  { scenario: apopNotThere, when: hasNone },
];
