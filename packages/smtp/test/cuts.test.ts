// The connection is cut behind any byte of either side: what is said of each recipient is what became of it, and the
// client goes on with a new session.
import { describe, expect, test } from "vitest";
import { ways } from "./cut-mails.ts";
import { cutEverywhere, cuts } from "./cut-places.ts";
import { refuseUnhandled } from "./own-smtp.ts";

refuseUnhandled();

const cases = ways
  .filter(({ mails }) => mails === 1)
  .flatMap((way) => cuts.map(([side, how, step]) => [side, how, way.name, step, way] as const));

describe("the connection is cut", () => {
  test.each(cases)(
    "behind any byte of the %s, with %s; %s",
    { timeout: 60_000 },
    async (side, how, _name, step, way) => {
      await cutEverywhere(way, side, how, step);
      expect.hasAssertions();
    },
  );
});
