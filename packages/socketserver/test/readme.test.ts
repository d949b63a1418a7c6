// The examples of README.md.
import { runExample } from "@netcli/test-kit";
import { expect, it } from "vitest";

const readme = new URL("../README.md", import.meta.url);

it.each([
  [0, "the first answers a line", ["you said hello"]],
  [1, "the echo server serves two clients at once", ["two", "one"]],
  [2, "the select server sends each line to all", ["I am here", "I am here"]],
  [3, "the datagram server answers", ["5 bytes"]],
  [4, "the server with all options shuts down", ["0"]],
  [5, "Twisted's protocol shouts", ["HELLO"]],
])("example %i: %s", async (number, _what, output) => {
  expect(await runExample(readme, number, {})).toEqual(output);
});
