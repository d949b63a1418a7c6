// What --version shows.
import { readFileSync } from "node:fs";

/** "mail-send 1.2.3", and a line end: name and version as the manifest of a program has them. */
export function versionLine(manifest: URL): string {
  const { name, version } = JSON.parse(readFileSync(manifest, "utf8")) as { name: string; version: string };
  return `${name} ${version}\n`;
}
