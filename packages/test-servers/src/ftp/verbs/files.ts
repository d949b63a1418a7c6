// Files: names, sizes, times, permissions (RFC 959 4.1.3, RFC 3659 3 and 4, draft-somers-ftp-mfxx).
import { chmodSync, lstatSync, renameSync, statSync, unlinkSync, utimesSync } from "node:fs";
import { open } from "node:fs/promises";
import { contentOf, toNetworkLines } from "../content.ts";
import { parseTime, timeValue } from "../listing.ts";
import { naming, Refusal } from "../reply.ts";
import type { Session } from "../session.ts";
import { resolvePath } from "../tree.ts";
import type { Verb } from "./verb.ts";

/** The place on the disk of a file that is there. */
export function plainFile({ state, shared }: Session, argument: string): string {
  const path = shared.tree.file(resolvePath(state.directory, argument));
  if (!statSync(path).isFile()) throw new Refusal("550 Not a plain file.");
  return path;
}

export const dele: Verb = ({ state, shared }, argument) => {
  const path = shared.tree.name(resolvePath(state.directory, argument));
  if (lstatSync(path).isDirectory()) return "550 Not a plain file.";
  unlinkSync(path);
  return "250 Deleted.";
};

export const rnfr: Verb = ({ state, shared }, argument) => {
  const path = shared.tree.name(resolvePath(state.directory, argument));
  lstatSync(path);
  state.renameFrom = path;
  return "350 And what to?";
};

export const rnto: Verb = async ({ state, shared }, argument) => {
  const { renameFrom = "" } = state;
  state.renameFrom = undefined;
  const to = resolvePath(state.directory, argument);
  await naming(() => renameSync(renameFrom, shared.tree.name(to)));
  return "250 Renamed.";
};

/** What would be transferred with the type that is set (RFC 3659 4). */
export const size: Verb = async (session, argument) => {
  const path = plainFile(session, argument);
  if (session.state.type === "I") return `213 ${statSync(path).size}`;
  const file = await open(path);
  try {
    let bytes = 0;
    for await (const chunk of toNetworkLines(contentOf(file, 0, Infinity))) bytes += chunk.length;
    return `213 ${bytes}`;
  } finally {
    await file.close();
  }
};

function setTime({ state, shared }: Session, time: Date, argument: string): void {
  utimesSync(shared.tree.file(resolvePath(state.directory, argument)), new Date(), time);
}

export const mdtm: Verb = (session, argument) => {
  const [, value = "", name = ""] = /^(\S+) (.+)$/s.exec(argument) ?? [];
  const time = parseTime(value);
  if (time !== undefined && session.shared.features.has("MDTM set")) {
    setTime(session, time, name);
    return "253 The time is set.";
  }
  const path = session.shared.tree.file(resolvePath(session.state.directory, argument));
  return `213 ${timeValue(statSync(path).mtime)}`;
};

export const mfmt: Verb = (session, argument) => {
  const [, value = "", name = ""] = /^(\S+) (.+)$/s.exec(argument) ?? [];
  const time = parseTime(value);
  if (time === undefined) return "501 MFMT wants a time and a name.";
  setTime(session, time, name);
  return `213 Modify=${timeValue(time)}; ${name}`;
};

export const site: Verb = ({ state, shared }, argument) => {
  const mayChange = shared.features.has("SITE CHMOD");
  if (/^HELP$/i.test(argument))
    return ["214-These are known:", ` HELP${mayChange ? " CHMOD" : ""}`, "214 End"];
  const [, digits, name = ""] = /^CHMOD ([0-7]{3,4}) (.+)$/is.exec(argument) ?? [];
  if (digits === undefined || !mayChange) {
    return `${shared.features.refusal("SITE CHMOD")} That is not known.`;
  }
  chmodSync(shared.tree.file(resolvePath(state.directory, name)), Number.parseInt(digits, 8));
  return "200 The mode is set.";
};
