// How content is transferred (RFC 959 4.1.2, RFC 3659 5, draft-preston-ftpext-deflate, draft-bryan-ftp-range).
import { type FactName, factNames } from "../listing.ts";
import { hashNames } from "../state.ts";
import type { Verb } from "./verb.ts";

export const type: Verb = ({ state }, argument) => {
  switch (argument.toUpperCase()) {
    case "A":
    case "A N": {
      state.type = "A";
      return "200 The type is A.";
    }
    case "I":
    case "L 8": {
      state.type = "I";
      return "200 The type is I.";
    }
    default: {
      return /^[AEIL](?: .*)?$/i.test(argument) ? "504 That type is not done." : "501 That is no type.";
    }
  }
};

export const stru: Verb = (_session, argument) => {
  if (/^F$/i.test(argument)) return "200 The structure is F.";
  return /^[RP]$/i.test(argument) ? "504 F is all that is done." : "501 That is no structure.";
};

export const mode: Verb = ({ state, shared }, argument) => {
  const letter = argument.toUpperCase();
  if (letter === "S" || (letter === "Z" && shared.features.has("MODE Z"))) {
    state.mode = letter;
    return `200 The mode is ${letter}.`;
  }
  return /^[BCZ]$/.test(letter) ? "504 That mode is not done." : "501 That is no mode.";
};

export const rest: Verb = ({ state }, argument) => {
  const position = Number(argument);
  if (!/^\d+$/.test(argument) || !Number.isSafeInteger(position)) return "501 That is no position.";
  state.position = position;
  return `350 The next transfer begins at ${position}.`;
};

export const rang: Verb = ({ state }, argument) => {
  const [, first, last] = /^(\d+) (\d+)$/.exec(argument) ?? [];
  if (first === undefined) return "501 RANG wants the first and the last byte.";
  const [start, end] = [Number(first), Number(last) + 1];
  if (start > end) return "501 There is nothing between these.";
  // "1 0" takes it back.
  state.range = start === end ? undefined : [start, end];
  return start === end ? "350 All of it." : `350 The next one is from ${first} to ${last}.`;
};

export const allo: Verb = () => "202 There is room.";

const options: Readonly<Record<string, Verb>> = {
  UTF8({ shared }, argument) {
    if (!shared.features.has("UTF8")) return "501 There is no UTF8 here.";
    return /^(?:ON|OFF)?$/i.test(argument) ? "200 UTF8 is always on." : "501 ON or OFF.";
  },

  MLST({ state, shared }, argument) {
    if (!shared.features.has("MLST")) return "501 There is no MLST here.";
    const asked = argument.toLowerCase().split(";");
    const facts: FactName[] = factNames.filter((fact) => asked.includes(fact.toLowerCase()));
    state.facts = new Set(facts);
    return `200 MLST OPTS ${facts.map((fact) => `${fact};`).join("")}`.trimEnd();
  },

  HASH({ state, shared }, argument) {
    if (!shared.features.has("HASH")) return "501 There is no HASH here.";
    const name = hashNames.find((known) => known === argument.toUpperCase());
    if (argument !== "" && name === undefined) return "504 That is not known here.";
    state.hash = name ?? state.hash;
    return `200 ${state.hash}`;
  },

  MODE({ state, shared }, argument) {
    const [, level] = /^Z LEVEL (\d)$/i.exec(argument) ?? [];
    if (level === undefined || !shared.features.has("MODE Z")) return "501 MODE Z LEVEL 0 to 9.";
    state.level = Number(level);
    return `200 The level is ${level}.`;
  },
};

export const opts: Verb = (session, argument, verb) => {
  const [name = "", ...words] = argument.split(" ");
  const key = name.toUpperCase();
  const option = Object.hasOwn(options, key) ? options[key] : undefined;
  return option?.(session, words.join(" "), verb) ?? "501 That has no options.";
};
