// Jobs `block` and `block-dots`: a dot-terminated block, as mail looks and as an enemy would write it.
import { atLeast, atLeastMibPerCpuSecond } from "../lib/bars.mjs";
import { script } from "../lib/children.mjs";
import { mib } from "../lib/stats.mjs";

const fullSize = 200 * 1024 * 1024;

/** Every line is short and most are stuffed: where a decoder that copies per dot becomes slow. */
const worstKinds = [
  { kind: "dot-ab", name: 'ours, every line "..ab"' },
  { kind: "dot-only", name: 'ours, every line ".."' },
  { kind: "dot-alternate", name: 'ours, "x" and ".." in turn' },
];

function variant({ key, name, path, ours }, server, kind) {
  return {
    key,
    name,
    ours,
    command: script(path, server.host, server.port, kind),
    expect: server.body[kind],
    rate: { amount: server.wire[kind], unit: "bytes" },
  };
}

const sizeText = (bytes) => `${mib(bytes).toFixed(0)} MiB on the wire`;

async function prepareMail({ scale, serve }) {
  const server = await serve("servers/blocks.py", Math.round(fullSize * scale));
  const ours = { key: "ours", name: "ours, chunks of the block", path: "ours/block.mjs", ours: true };
  const poplib = { key: "poplib", name: "Python poplib", path: "peers/block_poplib.py" };
  return {
    size: `${sizeText(server.wire.mail)}, lines of about 70 bytes, 1 in 50 dot-stuffed`,
    variants: [variant(ours, server, "mail"), variant(poplib, server, "mail")],
    bars: [atLeast(10, "poplib")],
  };
}

async function prepareDots({ scale, serve }) {
  const server = await serve("servers/blocks.py", Math.round(fullSize * scale));
  return {
    size: `${sizeText(server.wire["dot-ab"])} each, ours only`,
    variants: worstKinds.map(({ kind, name }) =>
      variant({ key: kind, name, path: "ours/block.mjs", ours: true }, server, kind),
    ),
    bars: worstKinds.map(({ kind }) => atLeastMibPerCpuSecond(100, kind)),
  };
}

export const block = { name: "block", prepare: prepareMail };
export const blockDots = { name: "block-dots", prepare: prepareDots };
