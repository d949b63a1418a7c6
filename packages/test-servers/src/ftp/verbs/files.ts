// Files: names, sizes, times, permissions (RFC 959 4.1.3, RFC 3659 3 and 4, draft-somers-ftp-mfxx).
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  readFileSync,
  renameSync,
  statfsSync,
  statSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
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

/** Facts, and then a name (draft-somers-ftp-mfxx 5). */
export const mff: Verb = ({ state, shared }, argument) => {
  const [, list = "", name = ""] = /^((?:[^ =;]+=[^;]*;)+) (.+)$/s.exec(argument) ?? [];
  const path = shared.tree.file(resolvePath(state.directory, name));
  for (const fact of list.split(";").slice(0, -1)) {
    const [key = "", value = ""] = fact.split("=");
    const time = parseTime(value);
    if (/^modify$/i.test(key) && time !== undefined) utimesSync(path, new Date(), time);
    else if (/^unix\.mode$/i.test(key)) chmodSync(path, Number.parseInt(value, 8));
    else return `504 ${key} is not known here.`;
  }
  return list === "" ? "501 MFF wants facts and a name." : `213 ${list} ${name}`;
};

/** Bytes that are free. */
export const avbl: Verb = ({ state, shared }, argument) => {
  const path = resolvePath(state.directory, argument);
  if (!shared.tree.isDirectory(path)) return "550 Not a directory.";
  const { bavail, bsize } = statfsSync(shared.tree.file(path));
  return `213 ${bavail * bsize}`;
};

/** The parts go behind what the first one has, and away. */
export const comb: Verb = (session, argument) => {
  const { state, shared } = session;
  const [target, ...parts] = [...argument.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, one, two]) => one ?? two ?? "",
  );
  const paths = parts.map((part) => plainFile(session, part));
  const whole = shared.tree.file(resolvePath(state.directory, target ?? ""));
  for (const path of paths) {
    appendFileSync(whole, readFileSync(path));
    unlinkSync(path);
  }
  return paths.length === 0 ? "501 COMB wants a name and its parts." : "250 Combined.";
};

export const site: Verb = (session, argument) => {
  const { state, shared } = session;
  const mayChange = shared.features.has("SITE CHMOD");
  if (/^HELP$/i.test(argument))
    return ["214-These are known:", ` HELP${mayChange ? " CHMOD" : ""}`, "214 End"];
  const [, value = "", touched = ""] = /^UTIME (\d{14}) (.+)$/is.exec(argument) ?? [];
  const time = parseTime(value);
  if (time !== undefined && shared.features.has("SITE UTIME")) {
    setTime(session, time, touched);
    return "200 The time is set.";
  }
  const [, digits, name = ""] = /^CHMOD ([0-7]{3,4}) (.+)$/is.exec(argument) ?? [];
  if (digits === undefined || !mayChange) {
    return `${shared.features.refusal("SITE CHMOD")} That is not known.`;
  }
  chmodSync(shared.tree.file(resolvePath(state.directory, name)), Number.parseInt(digits, 8));
  return "200 The mode is set.";
};
