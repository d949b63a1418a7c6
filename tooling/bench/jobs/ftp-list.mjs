// Job `ftp-list`: a listing of very many files. The server needs the most time for it: what counts is what the client
// needs.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atMostCpu, lessThanMib } from "../lib/bars.mjs";
import { basicFtp } from "../lib/basic-ftp.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { makeFtpPlace } from "../lib/ftp-place.mjs";
import { startNear } from "../lib/ftp-server.mjs";

const directory = "/many";

const clients = [
  {
    key: "ours",
    name: "ours, `list()`",
    ours: true,
    command: (...at) => script("ours/ftp-list.mjs", ...at, "list"),
  },
  {
    key: "entries",
    name: "ours, `entries()`",
    command: (...at) => script("ours/ftp-list.mjs", ...at, "entries"),
  },
  {
    key: "watched",
    name: "ours, `entries()`, memory looked at",
    command: (...at) => script("ours/ftp-list.mjs", ...at, "watched"),
  },
  {
    key: "basic",
    name: "basic-ftp",
    command: (...at) => script("peers/ftp-list-basic.mjs", basicFtp(), ...at),
  },
];

const withGarbageCollector = ([node, ...args]) => [node, "--expose-gc", ...args];

function writeFiles(path, count) {
  mkdirSync(path);
  for (let number = 0; number < count; number++) writeFileSync(join(path, `some-file-${number}.txt`), "");
}

async function prepare(context) {
  const count = Math.round(100_000 * context.scale);
  const place = makeFtpPlace(context.folder);
  const { host, port } = await startNear(context, place);
  writeFiles(join(place.served, directory), count);
  return {
    size: `${count} entries as vsftpd lists them`,
    variants: clients.map(({ command, ...variant }) => ({
      ...variant,
      measure: () => measureChild(withGarbageCollector(command(host, port, directory))),
      expect: count,
      rate: { amount: count, unit: "entries" },
    })),
    bars: [atMostCpu(0.6, "basic"), lessThanMib(16, "watched")],
  };
}

export const ftpList = { name: "ftp-list", prepare };
