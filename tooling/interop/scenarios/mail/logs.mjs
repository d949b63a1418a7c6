// What servers have written about us while all of the other scenarios were run.
import { deepStrictEqual, ok } from "node:assert/strict";

/** Who sends ahead what must wait is noted by some, though they answer; and nobody may break down. */
async function noComplaints(run) {
  const session = await run.session();
  await session.quit();
  const lines = (await run.serverLog()).split("\n");
  ok(lines.length > 1, "the log is empty");
  deepStrictEqual(
    lines.filter((line) => run.kind.complaints.test(line)),
    [],
  );
}

const isTalkative = ({ server, pipelinings }) =>
  ["Postfix", "Exim", "Dovecot"].includes(server) && pipelinings.includes("full");

export const scenarios = [{ scenario: noComplaints, when: isTalkative }];
