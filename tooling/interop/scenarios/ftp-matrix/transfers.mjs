// Files on their way, in both directions: whole ones, empty ones, broken off and gone on with.
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";

// Not a multiple of any buffer.
const content = randomBytes(5_000_003);
const middle = 3_000_001;
const longBytes = 64 * 1_048_576;

function checkSame(actual, expected) {
  const first = expected.findIndex((byte, at) => byte !== actual[at]);
  const what = `${actual.length} bytes are not the ${expected.length} that they should be, from ${first} on`;
  ok(expected.equals(actual), what);
}

async function retrieve(session, name, options) {
  const chunks = [];
  await session.retrBinary(`RETR ${name}`, (chunk) => void chunks.push(Buffer.from(chunk)), options);
  return Buffer.concat(chunks);
}

async function uploadAndDownload(run) {
  const client = await run.client();
  writeFileSync(run.path("local"), content);
  for (const source of [content, run.path("local")]) {
    strictEqual((await client.upload(source, "remote")).bytes, content.length);
    run.checkNames(["remote"]);
    checkSame(run.content("remote"), content);
    strictEqual((await client.download("remote", run.path("back"))).bytes, content.length);
    checkSame(readFileSync(run.path("back")), content);
  }
  await client.quit();
}

async function zeroLengthFile(run) {
  const client = await run.client();
  writeFileSync(run.path("local"), "");
  for (const source of [Buffer.alloc(0), run.path("local")]) {
    strictEqual((await client.upload(source, "remote")).bytes, 0);
    strictEqual(run.content("remote").length, 0);
    strictEqual((await client.download("remote", run.path("back"))).bytes, 0);
    strictEqual(readFileSync(run.path("back")).length, 0);
  }
  await client.quit();
  const session = await run.session();
  await session.storBinary("STOR other", Buffer.alloc(0));
  run.checkNames(["other", "remote"]);
  strictEqual((await retrieve(session, "other")).length, 0);
  await session.quit();
}

/** One session does one thing after the other; what it sends ahead must not reach into the transfer before. */
async function callsAtOnce(run) {
  writeFileSync(run.at("long"), "");
  truncateSync(run.at("long"), longBytes);
  const session = await run.sessionFromAfar();
  let bytes = 0;
  const count = (chunk) => {
    bytes += chunk.length;
  };
  // Not before one has worked something may be sent ahead.
  await session.storBinary("STOR small", "small");
  await Promise.all([
    session.retrBinary("RETR long", count),
    session.storBinary("STOR one", content),
    session.size("small"),
    session.storBinary("STOR two", content),
    session.retrBinary("RETR long", count),
    session.nlst(),
    session.retrBinary("RETR small", count),
  ]);
  strictEqual(bytes, 2 * longBytes + 5);
  for (const name of ["one", "two"]) checkSame(run.content(name), content);
  await session.quit();
}

/** REST with RETR, REST with STOR, and APPE. */
async function restartedTransfers(run) {
  const session = await run.session();
  await session.storBinary("STOR restarted", content.subarray(0, middle));
  await session.storBinary("STOR restarted", content.subarray(middle), { rest: middle });
  checkSame(run.content("restarted"), content);
  await session.append("appended", content.subarray(0, middle));
  await session.append("appended", content.subarray(middle));
  checkSame(run.content("appended"), content);
  checkSame(await retrieve(session, "appended", { rest: middle }), content.subarray(middle));
  // The position was for that one transfer.
  checkSame(await retrieve(session, "appended"), content);
  await session.quit();
}

/** Begins a task of a client and breaks it off when some bytes are there. */
async function breakOff(run, begin) {
  const breaking = new AbortController();
  const reason = new Error("enough");
  const onProgress = ({ bytes }) => {
    if (bytes > 0) breaking.abort(reason);
  };
  const signal = AbortSignal.any([breaking.signal, run.signal]);
  await rejects(begin({ onProgress, signal, resume: true }), (error) => error === reason);
}

async function resumedDownload(run) {
  writeFileSync(run.at("remote"), content);
  const client = await run.client();
  const begin = (options) => client.download("remote", run.path("local"), options);
  await breakOff(run, begin);
  const { resumedFrom } = await begin({ resume: true });
  ok(resumedFrom > 0 && resumedFrom < content.length, `resumed from ${resumedFrom}`);
  checkSame(readFileSync(run.path("local")), content);
  await client.quit();
}

async function resumedUpload(run) {
  writeFileSync(run.path("local"), content);
  const client = await run.client();
  const begin = (options) => client.upload(run.path("local"), "remote", options);
  await breakOff(run, begin);
  const { resumedFrom } = await begin({ resume: true });
  ok(resumedFrom > 0 && resumedFrom < content.length, `resumed from ${resumedFrom}`);
  run.checkNames(["remote"]);
  checkSame(run.content("remote"), content);
  await client.quit();
}

async function checkUsable(run, session) {
  deepStrictEqual(await session.pwd(), run.directory);
  await session.storBinary("STOR after", content);
  checkSame(await retrieve(session, "after"), content);
  ok((await session.nlst()).includes("after"), "the listing lacks what was stored");
}

/** In both ways: by a signal, and by `abort`; what was begun must then reject, and the session go on. */
async function checkBreaking(run, session, transfer) {
  const reason = new Error("enough");
  const breaking = new AbortController();
  const bySignal = transfer(() => breaking.abort(reason), { signal: breaking.signal });
  await rejects(bySignal, (error) => error === reason);
  await checkUsable(run, session);
  const aborts = [];
  const byAbort = transfer(() => {
    if (aborts.length === 0) aborts.push(session.abort());
  });
  await rejects(byAbort, { name: "AbortError" });
  await Promise.all(aborts);
  await checkUsable(run, session);
}

async function abortedDownload(run) {
  writeFileSync(run.at("long"), "");
  truncateSync(run.at("long"), longBytes);
  const session = await run.session();
  await checkBreaking(run, session, (enough, options) => session.retrBinary("RETR long", enough, options));
  await session.quit();
}

async function abortedUpload(run) {
  const session = await run.session();
  await checkBreaking(run, session, (enough, options) => {
    async function* withoutEnd() {
      for (let count = 0; ; count += 1) {
        if (count === 20) enough();
        yield content.subarray(0, 65_536);
      }
    }
    return session.storBinary("STOR long", withoutEnd(), options);
  });
  await session.quit();
}

export const scenarios = [
  uploadAndDownload,
  zeroLengthFile,
  callsAtOnce,
  restartedTransfers,
  resumedDownload,
  resumedUpload,
  abortedDownload,
  abortedUpload,
];
