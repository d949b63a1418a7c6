// Logging in, and what is in a directory.
import { deepStrictEqual, ok } from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { ListingReader } from "../../../../packages/ftp/dist/index.js";

const day = 86_400_000;
// To the whole second, as servers tell it; LIST tells the time of day only for what is not old.
const recent = new Date(Math.floor(Date.now() / 1000) * 1000 - 3 * day);
const old = new Date("2019-02-28T23:59:58Z");
const files = [
  { name: "old.txt", size: 1, modifiedAt: old },
  { name: "recent.bin", size: 70_000, modifiedAt: recent },
  { name: "empty", size: 0, modifiedAt: recent },
];
const unit = { day, minute: 60_000, second: 1000, millisecond: 1 };

function serve(run) {
  for (const { name, size, modifiedAt } of files) {
    writeFileSync(run.at(name), Buffer.alloc(size, "x"));
    utimesSync(run.at(name), modifiedAt, modifiedAt);
  }
  mkdirSync(run.at("folder"));
}

const byName = (one, other) => (one.name < other.name ? -1 : 1);

/** Fails unless the entries are what was served; times may be less exact, but not other ones. */
function checkEntries(entries) {
  const known = entries.filter(({ special }) => special === undefined);
  const told = known.map(({ name, type, size }) => ({
    name,
    type,
    size: type === "file" ? size : undefined,
  }));
  const served = files.map(({ name, size }) => ({ name, type: "file", size }));
  deepStrictEqual(
    told.toSorted(byName),
    [...served, { name: "folder", type: "directory", size: undefined }].toSorted(byName),
  );
  for (const { name, modifiedAt } of files) {
    const entry = known.find((one) => one.name === name);
    const exact = unit[entry.modifiedPrecision];
    const wanted = Math.floor(modifiedAt.getTime() / exact) * exact;
    ok(entry.modifiedAt.getTime() === wanted, `${name}: ${entry.modifiedAt.toISOString()} from ${entry.raw}`);
  }
}

const asked = { EPSV: / received 229 /, PASV: / received 227 /, EPRT: / sent EPRT /, PORT: / sent PORT / };

/** Fails unless all connections were secured, and the data connections asked for, as the title says. */
function checkConfiguration({ lines, configuration: { data, version = "none" } }) {
  const ways = Object.keys(asked).filter((way) => lines.some((line) => asked[way].test(line)));
  deepStrictEqual(ways.at(-1), data);
  const connections = new Set(lines.map((line) => line.split(" ", 1)[0]));
  const secured = lines.map((line) => / event TLS: (TLSv[\d.]+)/.exec(line)?.[1]).filter(Boolean);
  deepStrictEqual(secured, version === "none" ? [] : Array(connections.size).fill(version));
}

/** Both kinds of listing, and that the data connections were what this configuration is about. */
async function loginAndListing(run) {
  serve(run);
  const client = await run.client();
  checkEntries(await client.list());
  checkEntries(await client.list(run.directory));
  await client.quit();
  const session = await run.session();
  deepStrictEqual(await session.pwd(), run.directory);
  const reader = new ListingReader();
  const lines = await session.dir();
  checkEntries(
    [...lines.map((line) => reader.push(line)), reader.end()].filter((entry) => entry !== undefined),
  );
  // Pure-FTPd names these two as well.
  const named = (await session.nlst()).filter((name) => name !== "." && name !== "..");
  deepStrictEqual(named.toSorted(), [...files.map(({ name }) => name), "folder"].toSorted());
  await session.quit();
  checkConfiguration(run);
}

export const scenarios = [loginAndListing];
