// Job `pop3-list`: numbers, sizes and ids of very many messages.
import { atLeast } from "../lib/bars.mjs";
import { measureChild, script } from "../lib/children.mjs";

const times = 50;

const clients = [
  { key: "ours", name: "ours, `rows()`", path: "ours/pop3-list.mjs" },
  { key: "poplib", name: "Python poplib", path: "peers/pop3_list_poplib.py" },
];

async function prepare({ scale, serve }) {
  const count = Math.round(10_000 * scale);
  const { host, port } = await serve("servers/pop3_rows.py", count);
  return {
    size: `${count} messages, listed with sizes and unique ids, ${times} times in one session`,
    variants: clients.map(({ key, name, path }) => ({
      key,
      name,
      ours: key === "ours",
      measure: () => measureChild(script(path, host, port, times)),
      expect: count * times,
      rate: { amount: count * times, unit: "messages" },
    })),
    bars: [atLeast(2, "poplib")],
  };
}

export const pop3List = { name: "pop3-list", prepare };
