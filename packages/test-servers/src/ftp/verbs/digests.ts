// Digests of files (draft-bryan-ftp-hash, draft-bryan-ftp-range, and the XCRC family without any document).
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { contentOf } from "../content.ts";
import { Refusal } from "../reply.ts";
import type { Session } from "../session.ts";
import type { HashName } from "../state.ts";
import { plainFile } from "./files.ts";
import type { Verb } from "./verb.ts";

interface Digest {
  readonly hex: string;
  /** Behind the last byte that is in it. */
  readonly end: number;
}

async function digestOf(path: string, name: HashName, start: number, end: number): Promise<Digest> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (start > size) throw new Refusal("501 The file is not that long.");
    const last = Math.min(end, size);
    const content = contentOf(file, start, last);
    if (name !== "CRC32") {
      const hash = createHash(name.replace("-", "").toLowerCase());
      for await (const chunk of content) hash.update(chunk);
      return { hex: hash.digest("hex"), end: last };
    }
    let sum = 0;
    for await (const chunk of content) sum = crc32(chunk, sum);
    return { hex: sum.toString(16).padStart(8, "0"), end: last };
  } finally {
    await file.close();
  }
}

export const hash: Verb = async (session, argument) => {
  const { state } = session;
  const [start, end] = state.takeRange() ?? [0, Infinity];
  const path = plainFile(session, argument);
  const digest = await digestOf(path, state.hash, start, end);
  return `213 ${state.hash} ${start}-${Math.max(digest.end - 1, start)} ${digest.hex} ${argument}`;
};

interface Target {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** A name, in quotes if it likes, and then perhaps where to begin and where to end. */
function targetOf(session: Session, argument: string): Target {
  const quoted = /^"(.+)"(?: +(\d+)(?: +(\d+))?)?$/s.exec(argument);
  const [, name = argument, start = 0, end = Infinity] = quoted ?? [];
  try {
    return { path: plainFile(session, name), start: Number(start), end: Number(end) };
  } catch (error) {
    const [, bare, first, last = Infinity] = /^(.+?) +(\d+)(?: +(\d+))?$/s.exec(argument) ?? [];
    if (quoted !== null || bare === undefined) throw error;
    return { path: plainFile(session, bare), start: Number(first), end: Number(last) };
  }
}

function digestVerb(name: HashName): Verb {
  return async (session, argument) => {
    const { path, start, end } = targetOf(session, argument);
    const { hex } = await digestOf(path, name, start, end);
    return `250 ${hex.toUpperCase()}`;
  };
}

export const xcrc: Verb = digestVerb("CRC32");
export const xmd5: Verb = digestVerb("MD5");
export const xsha1: Verb = digestVerb("SHA-1");
export const xsha256: Verb = digestVerb("SHA-256");
export const xsha512: Verb = digestVerb("SHA-512");
