// Job `file-down`: an FTP download of a big file over plain TCP.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atLeast } from "../lib/bars.mjs";
import { script } from "../lib/children.mjs";
import { checkPatternFile, makePattern, needRoom } from "../lib/files.mjs";
import { mib } from "../lib/stats.mjs";

async function prepare({ scale, folder, serve }) {
  const size = Math.round(1024 ** 3 * scale);
  needRoom(folder, size * 1.2);
  const pattern = makePattern();
  const patternPath = join(folder, "pattern");
  writeFileSync(patternPath, pattern);
  const { host, port } = await serve("servers/ftp_server.py", size, patternPath);
  const target = join(folder, "download");
  const variant = (key, name, path) => ({
    key,
    name,
    ours: key === "ours",
    command: script(path, host, port, target),
    expect: size,
    rate: { amount: size, unit: "bytes" },
    verify: () => checkPatternFile(target, pattern, size),
    after: () => rmSync(target, { force: true }),
  });
  return {
    size: `${mib(size).toFixed(0)} MiB from a small FTP server to a file`,
    variants: [
      variant("ours", "ours, `FtpClient.download()`", "ours/file-down.mjs"),
      variant("ftplib", "Python ftplib `retrbinary`", "peers/file_down_ftplib.py"),
      variant("curl", "curl", "peers/file_down_curl.py"),
      variant("pipeline", "Node, `pipeline(socket, createWriteStream())`", "peers/file-down-pipeline.mjs"),
    ],
    bars: [atLeast(2, "ftplib"), atLeast(1, "curl", 0.03)],
  };
}

export const fileDown = { name: "file-down", prepare };
