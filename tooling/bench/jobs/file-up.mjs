// Job `file-up`: a big file to a plain TCP sink.
import { join } from "node:path";
import { atLeast } from "../lib/bars.mjs";
import { script } from "../lib/children.mjs";
import { makePattern, needRoom, writePatternFile } from "../lib/files.mjs";
import { mib } from "../lib/stats.mjs";

async function prepare({ scale, folder, serve }) {
  const size = Math.round(1024 ** 3 * scale);
  needRoom(folder, size * 1.2);
  const source = join(folder, "source");
  writePatternFile(source, makePattern(), size);
  const { host, port } = await serve("servers/sink.py", size);
  const variant = (key, name, path) => ({
    key,
    name,
    ours: key === "ours",
    command: script(path, host, port, source),
    expect: size,
    rate: { amount: size, unit: "bytes" },
  });
  return {
    size: `${mib(size).toFixed(0)} MiB from a file in the page cache to a TCP sink`,
    variants: [
      variant("ours", "ours, `sendFile()`", "ours/file-up.mjs"),
      variant("ftplib", "Python, the loop of ftplib `storbinary`", "peers/file_up_ftplib.py"),
    ],
    bars: [atLeast(1.2, "ftplib")],
  };
}

export const fileUp = { name: "file-up", prepare };
