// Listings, over data connections and the control connection (RFC 959 4.1.3, RFC 3659 7).
import { posix } from "node:path";
import { linesAsBytes } from "../content.ts";
import { dosLine, factLine, type ListEntry, unixLine } from "../listing.ts";
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import { transfer } from "../transfer.ts";
import { resolvePath } from "../tree.ts";
import type { Verb } from "./verb.ts";

function lineOf(entry: ListEntry, { shared }: Session): string {
  const { listing = "unix" } = shared.options;
  if (typeof listing === "function") return listing(entry);
  return listing === "dos" ? dosLine(entry) : unixLine(entry);
}

/** The entries of a path, or of a path with "*" and "?" in its last part; their names are as NLST has them. */
function entriesFor({ state, shared }: Session, argument: string): ListEntry[] {
  const { tree } = shared;
  const path = resolvePath(state.directory, argument);
  try {
    const entry = tree.entry(path, argument);
    return tree.isDirectory(path) ? below(argument, tree.entries(path)) : [entry];
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing || !/[*?]/.test(posix.basename(path))) throw error;
    const isMeant = matcher(posix.basename(path));
    const entries = tree.entries(posix.dirname(path));
    return below(
      posix.dirname(argument),
      entries.filter(({ name }) => isMeant.test(name)),
    );
  }
}

function matcher(pattern: string): RegExp {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}

function below(directory: string, entries: readonly ListEntry[]): ListEntry[] {
  return entries.map(({ name, ...facts }) => ({ ...facts, name: posix.join(directory, name) }));
}

function send(session: Session, verb: string, lines: readonly string[]): Promise<Reply> {
  const { encoding = "utf8" } = session.shared.options;
  session.state.takePosition();
  return transfer(session, verb, {
    preliminary: "150 Here comes the listing.",
    final: "226 That was the listing.",
    move: (moving) => moving.send(linesAsBytes(lines, encoding)),
  });
}

/** Without the options of ls, which some clients give. */
function withoutOptions(argument: string): string {
  return argument.replace(/^(?:-[A-Za-z1]+(?: +|$))+/, "");
}

export const list: Verb = (session, argument, verb) => {
  const entries = entriesFor(session, withoutOptions(argument));
  const lines = entries.map((entry) => lineOf({ ...entry, name: posix.basename(entry.name) }, session));
  return send(session, verb, lines);
};

export const nlst: Verb = (session, argument, verb) => {
  const entries = entriesFor(session, withoutOptions(argument));
  return send(
    session,
    verb,
    entries.map(({ name }) => name),
  );
};

export const mlsd: Verb = (session, argument, verb) => {
  const { state, shared } = session;
  const path = resolvePath(state.directory, argument);
  const self = shared.tree.entry(path, ".");
  if (!shared.tree.isDirectory(path)) return "501 Not a directory.";
  const above = shared.tree.entry(posix.dirname(path), "..");
  const entries = shared.tree.entries(path);
  return send(session, verb, [
    factLine(self, state.facts, "cdir"),
    factLine(above, state.facts, "pdir"),
    ...entries.map((entry) => factLine(entry, state.facts)),
  ]);
};

export const mlst: Verb = ({ state, shared }, argument) => {
  const path = resolvePath(state.directory, argument);
  const entry = shared.tree.entry(path, path);
  return ["250-Facts:", ` ${factLine(entry, state.facts)}`, "250 End"];
};

export function statPath(session: Session, argument: string): Reply {
  const { features } = session.shared;
  if (!features.has("STAT path")) return `${features.refusal("STAT path")} STAT takes no path here.`;
  const entries = entriesFor(session, withoutOptions(argument));
  const lines = entries.map((entry) => lineOf({ ...entry, name: posix.basename(entry.name) }, session));
  return ["213-Status:", ...lines.map((line) => ` ${line}`), "213 End"];
}
