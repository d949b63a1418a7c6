// Files, both ways (RFC 959 4.1.3, RFC 3659 5).
import { constants, fstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { receiveFile, sendFile } from "@netcli/core-transport";
import { contentOf, fromNetworkLines, skipping, toNetworkLines } from "../content.ts";
import { naming, Refusal, type Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import { type Moving, transfer } from "../transfer.ts";
import { resolvePath } from "../tree.ts";
import { plainFile } from "./files.ts";
import type { Verb } from "./verb.ts";

const BEYOND = "554 The file is not that long.";

export const retr: Verb = async (session, argument, verb) => {
  const { state } = session;
  const position = state.takePosition();
  const [start, end] = state.takeRange() ?? [position, Infinity];
  const file = await open(plainFile(session, argument));
  try {
    const { size } = fstatSync(file.fd);
    if (state.type === "I" && start > size) throw new Refusal(BEYOND);
    return await transfer(session, verb, {
      preliminary: `150 Here comes ${argument} (${size} bytes).`,
      move: (moving) => give(moving, file, { start, end, type: state.type }),
    });
  } finally {
    await file.close();
  }
};

async function give(
  moving: Moving,
  file: FileHandle,
  { start, end, type }: { start: number; end: number; type: "A" | "I" },
): Promise<void> {
  if (moving.isPlain && end === Infinity) {
    const onProgress = (bytes: number): void => void (moving.bytes = bytes);
    await sendFile(moving.connection, file, { position: start, onProgress });
  } else if (type === "I") {
    await moving.send(contentOf(file, start, end));
  } else {
    // Positions count what is transferred (RFC 3659 5).
    await moving.send(skipping(toNetworkLines(contentOf(file, 0, end)), start));
  }
}

async function take(moving: Moving, file: FileHandle, start: number, type: "A" | "I"): Promise<void> {
  if (moving.isPlain) {
    const onProgress = (bytes: number): void => void (moving.bytes = bytes);
    await receiveFile(moving.connection, file, { position: start, onProgress });
    return;
  }
  let position = start;
  const received = moving.receive();
  for await (const chunk of type === "A" ? fromNetworkLines(received) : received) {
    await file.write(chunk, 0, chunk.length, position);
    position += chunk.length;
  }
}

// No letter stands for O_RDWR with O_CREAT alone: "r+" does not create, and "a" writes nowhere but at the end.
const { O_CREAT, O_EXCL, O_RDWR, O_TRUNC } = constants;

function openForWriting(session: Session, argument: string, flags: number): Promise<FileHandle> {
  const { state, shared } = session;
  const path = resolvePath(state.directory, argument);
  return naming(() => open(shared.tree.file(path), O_RDWR | O_CREAT | flags));
}

export const stor: Verb = async (session, argument, verb) => {
  const { state } = session;
  const position = state.takePosition();
  if (position > 0 && state.type === "A") throw new Refusal("504 Not at a position in type A.");
  const file = await openForWriting(session, argument, position === 0 ? O_TRUNC : 0);
  try {
    if (position > fstatSync(file.fd).size) throw new Refusal(BEYOND);
    return await transfer(session, verb, {
      preliminary: `150 Ready for ${argument}.`,
      isUpload: true,
      move: (moving) => take(moving, file, position, state.type),
    });
  } finally {
    await file.close();
  }
};

export const appe: Verb = async (session, argument, verb) => {
  const { state } = session;
  state.takePosition();
  const file = await openForWriting(session, argument, 0);
  try {
    const { size } = fstatSync(file.fd);
    return await transfer(session, verb, {
      preliminary: `150 Ready for more of ${argument}.`,
      isUpload: true,
      move: (moving) => take(moving, file, size, state.type),
    });
  } finally {
    await file.close();
  }
};

/** RFC 1123 4.1.2.9: the name stands in the 150. */
export const stou: Verb = async (session, argument, verb) => {
  const { state } = session;
  state.takePosition();
  const stem = argument === "" ? "unique" : argument;
  for (let number = 1; ; number += 1) {
    const name = `${stem}.${number}`;
    let file: FileHandle;
    try {
      file = await openForWriting(session, name, O_EXCL);
    } catch (error) {
      if (error instanceof Refusal && error.reply === "553 There is something of that name.") continue;
      throw error;
    }
    try {
      return await transfer(session, verb, {
        preliminary: `150 FILE: ${name}`,
        final: `226 Stored as ${name}`,
        isUpload: true,
        move: (moving) => take(moving, file, 0, state.type),
      });
    } finally {
      await file.close();
    }
  }
};

/** A transfer was broken off when this was read. */
export const abor: Verb = async (session): Promise<Reply> => {
  session.isAborted = false;
  const wasOpen = session.port !== undefined;
  await session.dropPort();
  return wasOpen ? "226 The data port is closed." : "226 No transfer is under way.";
};
