// Job `lines`: short lines, each handed over as a string.
import { atLeast } from "../lib/bars.mjs";
import { script } from "../lib/children.mjs";

async function prepare({ scale, serve }) {
  const count = Math.round(5_000_000 * scale);
  const { host, port } = await serve("servers/lines.py", count);
  const common = { expect: count, rate: { amount: count, unit: "lines" } };
  return {
    size: `${count} lines of 100 bytes over loopback`,
    variants: [
      {
        key: "ours",
        name: "ours, `await readLine()`",
        ours: true,
        command: script("ours/lines.mjs", host, port),
        ...common,
      },
      {
        key: "nntplib",
        name: "Python, the nntplib way",
        command: script("peers/lines_nntplib.py", host, port),
        ...common,
      },
      {
        key: "onread",
        name: "Node, bare `onread` and `indexOf`",
        command: script("peers/lines-onread.mjs", host, port),
        ...common,
      },
    ],
    bars: [atLeast(3, "nntplib"), atLeast(0.4, "onread")],
  };
}

export const lines = { name: "lines", prepare };
