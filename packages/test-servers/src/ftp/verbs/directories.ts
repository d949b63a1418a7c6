// Where a session is, and directories (RFC 959 4.1.1, 4.1.3, appendix II).
import { mkdirSync, rmdirSync } from "node:fs";
import { resolvePath } from "../tree.ts";
import type { Verb } from "./verb.ts";

function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

export const cwd: Verb = ({ state, shared }, argument) => {
  const path = resolvePath(state.directory, argument);
  if (!shared.tree.isDirectory(path)) return "550 Not a directory.";
  state.directory = path;
  return `250 The directory is ${quoted(path)}.`;
};

export const cdup: Verb = (session, _argument, verb) => cwd(session, "..", verb);

export const pwd: Verb = ({ state }) => `257 ${quoted(state.directory)} is the directory.`;

export const mkd: Verb = ({ state, shared }, argument) => {
  const path = resolvePath(state.directory, argument);
  mkdirSync(shared.tree.name(path));
  return `257 ${quoted(path)} created.`;
};

export const rmd: Verb = ({ state, shared }, argument) => {
  const path = resolvePath(state.directory, argument);
  if (path === "/") return "550 The root stays.";
  rmdirSync(shared.tree.name(path));
  return "250 Removed.";
};
