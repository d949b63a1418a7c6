// What tests of `mirror` have in common.
import { join } from "node:path";
import type { MirrorOptions, MirrorResult } from "../src/index.ts";
import { listOnly, type TreeFixture } from "./trees.ts";

/** Of a mirror that found nothing to do. */
export const NOTHING: MirrorResult = {
  transferred: [],
  unchanged: 0,
  directories: [],
  deleted: [],
  skipped: [],
  failed: [],
  bytes: 0,
};

export type Direction = MirrorOptions["direction"];

/** Where the tree is that is copied, and the one that is made like it. */
export function sides({ server, local }: TreeFixture, direction: Direction): { from: string; to: string } {
  const remote = join(server.root, "r");
  return direction === "download" ? { from: remote, to: local } : { from: local, to: remote };
}

/** Mirrors "r". */
export function mirror(
  fixture: TreeFixture,
  direction: Direction,
  options: Partial<MirrorOptions> = {},
): Promise<MirrorResult> {
  return fixture.client.mirror({ direction, remote: "r", local: fixture.local, ...options });
}

/** Both directions, with servers that know more or less. */
export const SITUATIONS: [Direction, string, object][] = [
  ["download", "facts", {}],
  ["download", "a listing for people", { features: listOnly }],
  ["upload", "facts", {}],
  ["upload", "a listing for people", { features: listOnly }],
  ["upload", "no way to set times", { features: { ...listOnly, MFMT: 502, MDTM: 502 } }],
];

export function pathsOf(items: readonly { readonly path: string }[]): string[] {
  return items.map(({ path }) => path);
}
