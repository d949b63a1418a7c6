// Jobs `pop3-large` and `pop3-stream`: a large message in memory, and a larger one to a file.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast, lessThanMib } from "../lib/bars.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { needRoom } from "../lib/files.mjs";
import { makeMaildrop } from "../lib/maildrop.mjs";
import { startDovecot } from "../lib/pop3-server.mjs";
import { mib } from "../lib/stats.mjs";

const times = 4;
const mebibyte = 1024 * 1024;

const clients = [
  { key: "ours", name: "ours, `bytes()`", path: "ours/pop3-large.mjs" },
  { key: "poplib", name: "Python poplib", path: "peers/pop3_large_poplib.py" },
];

const withGarbageCollector = ([node, ...args]) => [node, "--expose-gc", ...args];

const streams = [
  {
    key: "ours",
    name: "ours, `stream()`",
    command: (...at) => script("ours/pop3-stream.mjs", ...at),
  },
  {
    key: "watched",
    name: "ours, `stream()`, memory looked at",
    command: (...at) => withGarbageCollector(script("ours/pop3-stream.mjs", ...at, "watched")),
  },
];

async function prepareLarge(context) {
  const size = Math.round(32 * mebibyte * context.scale);
  const { bytes } = makeMaildrop(context.folder, { count: 1, size });
  const { host, port } = await startDovecot(context);
  return {
    size: `a message of ${mib(bytes).toFixed(0)} MiB from Dovecot, ${times} times in one session`,
    variants: clients.map(({ key, name, path }) => ({
      key,
      name,
      ours: key === "ours",
      measure: () => measureChild(script(path, host, port, times)),
      expect: bytes * times,
      rate: { amount: bytes * times, unit: "bytes" },
    })),
    bars: [atLeast(2, "poplib")],
  };
}

function checkSame(path, other) {
  const { status, stdout } = spawnSync("cmp", [path, other], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the file is not the message: ${stdout.trim()}`);
}

async function prepareStream(context) {
  const { folder } = context;
  const size = Math.round(256 * mebibyte * context.scale);
  needRoom(folder, 2.2 * size);
  const { path, bytes } = makeMaildrop(folder, { count: 1, size });
  const { host, port } = await startDovecot(context);
  const target = join(folder, "fetched");
  return {
    size: `a message of ${mib(bytes).toFixed(0)} MiB from Dovecot to a file`,
    variants: streams.map(({ key, name, command }) => ({
      key,
      name,
      ours: key === "ours",
      measure: () => measureChild(command(host, port, target)),
      expect: bytes,
      rate: { amount: bytes, unit: "bytes" },
      verify: () => checkSame(target, path),
      after: () => rmSync(target, { force: true }),
    })),
    bars: [lessThanMib(64, "ours"), lessThanMib(32, "watched")],
  };
}

export const pop3Large = { name: "pop3-large", prepare: prepareLarge };
export const pop3Stream = { name: "pop3-stream", prepare: prepareStream };
