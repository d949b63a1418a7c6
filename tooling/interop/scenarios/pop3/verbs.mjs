// The verbs, one by one, as in Python's poplib.
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

const bodies = ["one\r\ntwo\r\nthree\r\n", "", "last\r\n"];
const isRefused = { name: "Pop3ReplyError" };

async function capabilities(run) {
  const session = await run.session();
  ok(session.welcome.length > 0);
  deepStrictEqual(
    [
      "TOP",
      "UIDL",
      "RESP-CODES",
      "PIPELINING",
      "AUTH-RESP-CODE",
      "USER",
      "SASL",
      "STLS",
      "UTF8",
      "LANG",
    ].filter((name) => session.capabilities.has(name)),
    [...run.configuration.offers],
  );
  // Whoever is in needs no mechanisms any more; before that, all are there.
  const before = await run.greeted();
  deepStrictEqual((await before.capa()).sasl.toSorted(), run.configuration.login.toSorted());
  await before.quit();
  await session.quit();
}

/** A server that does not know CAPA says so, and nothing is lost by that. */
async function noCapabilities(run) {
  run.stock([]);
  const session = await run.session();
  await rejects(session.capa(), isRefused);
  deepStrictEqual([...session.capabilities.entries()], []);
  strictEqual((await session.stat()).count, 0);
  await session.quit();
}

async function sizesAndIds(run) {
  const messages = run.stock(bodies);
  const session = await run.session();
  const rows = messages.map(({ length }, at) => ({ number: at + 1, size: length }));
  deepStrictEqual(await session.list(), rows);
  deepStrictEqual(await session.list(2), rows[1]);
  const size = rows.reduce((sum, row) => sum + row.size, 0);
  deepStrictEqual(await session.stat(), { count: 3, size });
  const ids = await session.uidl();
  deepStrictEqual(await session.uidl(3), ids[2]);
  strictEqual(new Set(ids.map(({ uid }) => uid)).size, 3);
  await session.quit();
  // They stay the same.
  const other = await run.session();
  deepStrictEqual(await other.uidl(), ids);
  await other.quit();
}

async function emptyMaildrop(run) {
  run.stock([]);
  const session = await run.session();
  deepStrictEqual(await session.stat(), { count: 0, size: 0 });
  deepStrictEqual(await session.list(), []);
  deepStrictEqual(await session.uidl(), []);
  await rejects(session.retr(1), isRefused);
  await session.quit();
  const client = await run.client();
  for await (const _ of client.messages()) throw new Error("there is a message");
  await run.checkQuit(client, 0);
}

async function wholeAndInPart(run) {
  const messages = run.stock(bodies);
  const session = await run.session();
  for (const [at, message] of messages.entries()) {
    const retrieved = await session.retr(at + 1);
    run.checkCame([await retrieved.bytes()], [message]);
  }
  const text = messages[0].toString();
  for (const [lines, until] of [
    [0, "\r\n\r\n"],
    [2, "two\r\n"],
    [99, "three\r\n"],
  ]) {
    strictEqual(
      await (await session.top(1, lines)).text(),
      text.slice(0, text.indexOf(until) + until.length),
    );
  }
  const lines = [];
  for await (const line of (await session.retr(3)).lines()) lines.push(line);
  strictEqual(`${lines.join("\r\n")}\r\n`, messages[2].toString());
  await session.quit();
  run.checkLeft(messages);
}

/** What is marked is hidden until the marks are taken away, and gone after a clean end. */
async function marks(run) {
  const messages = run.stock(bodies);
  const session = await run.session();
  await session.dele(1);
  await session.dele(3);
  deepStrictEqual(
    (await session.list()).map(({ number }) => number),
    [2],
  );
  await rejects(session.retr(1), isRefused);
  await rejects(session.dele(1), isRefused);
  await session.rset();
  strictEqual((await session.stat()).count, 3);
  await session.dele(2);
  await session.quit();
  strictEqual(session.isOpen, false);
  run.checkLeft([messages[0], messages[2]]);
}

/** Older than unique ids. */
async function lastRetrieved(run) {
  run.stock(bodies);
  const session = await run.session();
  strictEqual(await session.last(), 0);
  await (await session.retr(2)).bytes();
  strictEqual(await session.last(), 2);
  await session.quit();
}

/** Refusals leave the session as it was. */
async function refusals(run) {
  const [message] = run.stock(["one line\r\n"]);
  const session = await run.session();
  for (const refused of [
    () => session.retr(2),
    () => session.top(2, 0),
    () => session.list(2),
    () => session.uidl(2),
    () => session.dele(2),
    () => session.utf8(),
    () => session.lang("de"),
    () => session.rpop("somebody"),
  ]) {
    await rejects(refused, isRefused);
    strictEqual((await session.noop()).isOk, true);
  }
  strictEqual((await session.sendCmd("XNONE of this name")).isOk, false);
  strictEqual((await session.sendCmd("LIST 1")).text.split(" ")[0], "1");
  run.checkCame([await (await session.retr(1)).bytes()], [message]);
  await session.quit();
}

/** Without awaiting: all refusals and answers must find their callers. */
async function allAtOnce(run) {
  const messages = run.stock(bodies);
  for (const pipelining of ["safe", "off"]) {
    const session = await run.session({ pipelining });
    const bytes = (number) => session.retr(number).then((retrieved) => retrieved.bytes());
    const [stat, rows, refused, one, ids, top, two, noop] = await Promise.allSettled([
      session.stat(),
      session.list(),
      session.retr(9),
      bytes(1),
      session.uidl(),
      session.top(3, 0).then((retrieved) => retrieved.text()),
      bytes(2),
      session.noop(),
    ]);
    strictEqual(stat.value.count, 3);
    deepStrictEqual([rows.value.length, ids.value.length], [3, 3]);
    strictEqual(refused.reason.name, "Pop3ReplyError");
    run.checkCame([one.value, two.value], messages.slice(0, 2));
    ok(top.value.endsWith("\r\n\r\n"));
    strictEqual(noop.value.isOk, true);
    await session.quit();
  }
}

const hasCapa = ({ offers }) => offers.size > 0;

export const scenarios = [
  { scenario: capabilities, when: hasCapa },
  { scenario: noCapabilities, when: (configuration) => !hasCapa(configuration) },
  { scenario: sizesAndIds },
  { scenario: emptyMaildrop },
  { scenario: wholeAndInPart },
  { scenario: marks },
  { scenario: lastRetrieved, when: (configuration) => !hasCapa(configuration) },
  { scenario: refusals },
  { scenario: allAtOnce },
];
