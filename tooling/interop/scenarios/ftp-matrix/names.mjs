// Names that commands, replies, listings or shells could misread.
import { deepStrictEqual } from "node:assert/strict";
import { mkdirSync } from "node:fs";

const names = [
  `it's "quoted" twice ""`,
  `"`,
  "-R",
  " leading",
  "  two leading",
  "trailing ",
  "a  b",
  "100%",
  "%41",
  "*",
  "a*b?",
  "[ab]",
  "[",
  "#1",
  ".hidden",
  "a;b=c; d",
  "a -> b",
  "back\\slash",
  "Grüße",
  // Not composed.
  "e\u0301",
  "日本語 🙂",
];

async function checkListed(client, path, wanted) {
  const entries = await client.list(path);
  deepStrictEqual(
    entries.map(({ name, type }) => [name, type]),
    wanted,
  );
}

/** Takes a file of that name through all that can be done with one. */
async function liveAsFile(run, { client, session, directory }, name) {
  const content = Buffer.from(`I am ${name}`);
  await session.storBinary(`STOR ${name}`, content);
  run.checkNames([name], directory);
  deepStrictEqual(run.content(`${directory}/${name}`), content);
  await checkListed(client, directory, [[name, "file"]]);
  deepStrictEqual(await session.size(name), content.length);
  const chunks = [];
  await session.retrBinary(`RETR ${name}`, (chunk) => void chunks.push(Buffer.from(chunk)));
  deepStrictEqual(Buffer.concat(chunks), content);
  await session.rename(name, `${name}${name}`);
  run.checkNames([`${name}${name}`], directory);
  await session.rename(`${name}${name}`, name);
  await session.delete(name);
  run.checkNames([], directory);
}

/** The same for a directory. */
async function liveAsDirectory(run, { client, session, directory }, name) {
  await session.mkd(name);
  run.checkNames([name], directory);
  await checkListed(client, directory, [[name, "directory"]]);
  await session.cwd(name);
  deepStrictEqual(await session.pwd(), `${run.directory}/${directory}/${name}`);
  await session.storBinary("STOR inside", Buffer.from("found"));
  await session.cdup();
  for (const path of [`${directory}/${name}`, `${run.directory}/${directory}/${name}`]) {
    await checkListed(client, path, [["inside", "file"]]);
  }
  await session.delete(`${name}/inside`);
  await session.rename(name, `x${name}`);
  await session.rmd(`x${name}`);
  run.checkNames([], directory);
}

/** Each in a directory of its own, so that one that fails spoils none behind it. */
async function oddNames(run) {
  const { refusesName = () => false, refusesDirectory = () => false } = run.kind;
  const client = await run.client();
  const session = await run.session();
  const failures = [];
  const attempt = async (live, directory, name) => {
    mkdirSync(run.at(directory));
    run.giveAway(directory);
    try {
      await session.cwd(`${run.directory}/${directory}`);
      await live(run, { client, session, directory }, name);
    } catch (error) {
      run.log(`${directory}: ${error.stack}`);
      failures.push(`${live.name} ${JSON.stringify(name)}: ${error.message}`);
    }
  };
  for (const [index, name] of names.entries()) {
    if (refusesName(name)) continue;
    await attempt(liveAsFile, `file-${index}`, name);
    if (!refusesDirectory(name)) await attempt(liveAsDirectory, `directory-${index}`, name);
  }
  deepStrictEqual(failures, []);
  await session.quit();
  await client.quit();
}

export const scenarios = [oddNames];
