// What servers have written about us while all of the other scenarios were run.
import { deepStrictEqual, ok } from "node:assert/strict";

/** Nobody may break down. */
async function noComplaints(run) {
  const lines = (await run.serverLog()).split("\n");
  ok(lines.length > 1, "the log is empty");
  deepStrictEqual(
    lines.filter((line) => run.kind.complaints.test(line)),
    [],
  );
}

export const scenarios = [{ scenario: noComplaints, when: ({ server }) => server === "Dovecot" }];
