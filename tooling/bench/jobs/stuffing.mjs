// Jobs `stuffing` and `stuffing-repair`: dot-stuffing in memory, of clean text and of text with bare line feeds.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { atLeastMibPerCpuSecond } from "../lib/bars.mjs";
import { script } from "../lib/children.mjs";
import { mib } from "../lib/stats.mjs";

const lineCount = 15_000;
const alphabet = "abcdefghijklmnopqrstuvwxyz ".repeat(4);

/** About 1 MiB of whole lines; one line in 1000 begins with a dot. */
function makeText(lineEnd) {
  const textLines = Array.from({ length: lineCount }, (_, number) => {
    const text = alphabet.slice(number % 27, (number % 27) + 60 + (number % 17));
    return (number % 1000 === 7 ? `.${text}` : text) + lineEnd;
  });
  return textLines.join("");
}

function plan({ scale, folder }, { lineEnd, kind, floor }) {
  const text = makeText(lineEnd);
  const path = join(folder, "text");
  writeFileSync(path, text, "latin1");
  const repeats = Math.max(1, Math.round((200 * 1024 * 1024 * scale) / text.length));
  const amount = text.length * repeats;
  // Worked out from how the text was made, not with any of the algorithms under test.
  const expect = (text.length + lineCount * (2 - lineEnd.length) + lineCount / 1000) * repeats;
  const common = { expect, rate: { amount, unit: "bytes" } };
  return {
    size: `${mib(amount).toFixed(0)} MiB of ${kind}, in memory`,
    variants: [
      {
        key: "ours",
        name: "ours, `DotEncoder`",
        ours: true,
        command: script("ours/stuffing.mjs", path, repeats),
        ...common,
      },
      {
        key: "smtplib",
        name: "Python smtplib `quotedata`",
        command: script("peers/stuffing_smtplib.py", path, repeats),
        ...common,
      },
    ],
    bars: [atLeastMibPerCpuSecond(floor, "ours")],
  };
}

const clean = { lineEnd: "\r\n", kind: "clean text with CRLF", floor: 1024 };
const bare = { lineEnd: "\n", kind: "text with bare line feeds", floor: 300 };

export const stuffing = { name: "stuffing", prepare: async (context) => plan(context, clean) };
export const stuffingRepair = { name: "stuffing-repair", prepare: async (context) => plan(context, bare) };
