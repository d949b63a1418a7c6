// Jobs `ftp-down` and `ftp-down-tls`: a big file from vsftpd, in clear and over TLS.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast, atMostCpu } from "../lib/bars.mjs";
import { basicFtp } from "../lib/basic-ftp.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { provide } from "../lib/debian.mjs";
import { checkPatternFile, makePattern, needRoom, writePatternFile } from "../lib/files.mjs";
import { makeFtpPlace } from "../lib/ftp-place.mjs";
import { startNear } from "../lib/ftp-server.mjs";
import { mib } from "../lib/stats.mjs";

const clients = [
  {
    key: "ours",
    name: "ours, `FtpClient.download()`",
    command: (...at) => script("ours/file-down.mjs", ...at),
  },
  {
    key: "basic",
    name: "basic-ftp",
    command: (...at) => script("peers/file-down-basic.mjs", basicFtp(), ...at),
  },
  {
    key: "curl",
    name: "curl",
    command(...at) {
      provide("curl", "curl");
      return script("peers/file_down_curl.py", ...at);
    },
  },
];

async function plan(context, { manner, isSecure, bars }) {
  const { scale, folder } = context;
  const size = Math.round(1024 ** 3 * scale);
  needRoom(folder, size * 2.2);
  const place = makeFtpPlace(folder);
  const { host, port } = await startNear(context, place);
  const pattern = makePattern();
  writePatternFile(join(place.served, "data.bin"), pattern, size);
  const target = join(folder, "download");
  const at = [host, port, target, ...(isSecure ? [place.ca] : [])];
  return {
    size: `${mib(size).toFixed(0)} MiB from vsftpd to a file, ${manner}`,
    variants: clients.map(({ key, name, command }) => ({
      key,
      name,
      ours: key === "ours",
      measure: () => measureChild(command(...at)),
      expect: size,
      rate: { amount: size, unit: "bytes" },
      verify: () => checkPatternFile(target, pattern, size),
      after: () => rmSync(target, { force: true }),
    })),
    bars,
  };
}

const inClear = {
  manner: "in clear",
  isSecure: false,
  bars: [atLeast(1.5, "basic"), atLeast(0.9, "curl"), atMostCpu(0.6, "basic")],
};
const overTls = {
  manner: "over TLS 1.3",
  isSecure: true,
  bars: [atLeast(2, "basic"), atLeast(1, "curl", 0.03)],
};

export const ftpDown = { name: "ftp-down", prepare: (context) => plan(context, inClear) };
export const ftpDownTls = { name: "ftp-down-tls", prepare: (context) => plan(context, overTls) };
