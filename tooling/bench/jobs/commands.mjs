// Job `commands`: many small commands in flight, one promise per reply.
import { atLeast } from "../lib/bars.mjs";
import { script } from "../lib/children.mjs";

const inFlight = 100;

async function prepare({ scale, serve }) {
  const count = Math.round(3_000_000 * scale);
  const { host, port } = await serve("servers/replies.py");
  const common = { expect: count, rate: { amount: count, unit: "commands" } };
  const command = (path) => script(path, host, port, count, inFlight);
  return {
    size: `${count} commands, ${inFlight} in flight`,
    variants: [
      {
        key: "ours",
        name: "ours, `ReplyPipeline`",
        ours: true,
        command: command("ours/commands.mjs"),
        ...common,
      },
      {
        key: "write",
        name: "Node, one `write()` per command",
        command: command("peers/commands-write.mjs"),
        ...common,
      },
      {
        key: "joined",
        name: "Node, bare joined writes",
        command: command("peers/commands-joined.mjs"),
        ...common,
      },
    ],
    bars: [atLeast(10, "write"), atLeast(0.8, "joined")],
  };
}

export const commands = { name: "commands", prepare };
