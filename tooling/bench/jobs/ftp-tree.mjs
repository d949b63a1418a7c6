// Jobs `ftp-tree-down`, `ftp-tree-up` and `ftp-tree-remove`: many small files, and a server that is far away.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast } from "../lib/bars.mjs";
import { basicFtp } from "../lib/basic-ftp.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { provide } from "../lib/debian.mjs";
import { checkTree, makeTree, writeTree } from "../lib/file-tree.mjs";
import { makeFtpPlace } from "../lib/ftp-place.mjs";
import { startFar } from "../lib/ftp-server.mjs";

const delayMs = 10;
const directories = 50;

const clients = [
  {
    key: "ours",
    name: "ours, 4 connections",
    command: (...at) => script("ours/ftp-tree.mjs", ...at),
  },
  {
    key: "basic",
    name: "basic-ftp",
    command: (...at) => script("peers/ftp-tree-basic.mjs", basicFtp(), ...at),
  },
  {
    key: "lftp",
    name: "lftp",
    command(...at) {
      provide("lftp", "lftp");
      return script("peers/ftp_tree_lftp.py", ...at);
    },
  },
];

const remove = (path) => rmSync(path, { recursive: true, force: true });

/** What each job needs before a run, what must be there behind it, and what goes away then. */
const jobs = {
  down: ({ place, local, tree }) => {
    writeTree(join(place.served, "tree"), tree);
    return { verify: () => checkTree(local, tree), after: () => remove(local) };
  },
  up: ({ place, local, tree }) => {
    writeTree(local, tree);
    const uploaded = join(place.writable, "tree");
    return { verify: () => checkTree(uploaded, tree), after: () => remove(uploaded) };
  },
  remove: ({ place, tree }) => {
    const doomed = join(place.writable, "tree");
    return {
      before: () => writeTree(doomed, tree),
      verify: () => checkTree(place.writable, makeTree(0)),
      after: () => remove(doomed),
    };
  },
};

async function plan(context, job, verb) {
  const place = makeFtpPlace(context.folder);
  const { host, port, within, text } = await startFar(context, place, delayMs);
  const tree = makeTree(Math.max(1, Math.round(directories * context.scale)));
  const local = join(context.folder, "local");
  const count = tree.files.size;
  const steps = jobs[job]({ place, local, tree });
  return {
    size: `${verb} ${count} files of 4 KiB in ${tree.directories.length} directories; ${text}`,
    variants: clients.map(({ key, name, command }) => ({
      key,
      name,
      ours: key === "ours",
      measure: () => measureChild(within(command(host, port, count, local, job))),
      expect: count,
      rate: { amount: count, unit: "files" },
      roundTrip: (2 * delayMs) / 1000,
      ...steps,
    })),
    bars: [atLeast(4, "basic"), atLeast(1, "lftp")],
  };
}

const treeJob = (job, verb) => ({
  name: `ftp-tree-${job}`,
  prepare: (context) => plan(context, job, verb),
});

export const ftpTreeDown = treeJob("down", "download");
export const ftpTreeUp = treeJob("up", "upload");
export const ftpTreeRemove = treeJob("remove", "remove");
