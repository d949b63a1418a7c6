// One line to the server, and what it answers: over a connection, or in a datagram, of its own.
import {
  connect,
  type Connection,
  ConnectionClosedError,
  decodeText,
  openDatagram,
} from "@netcli/core-transport";
import type { Settings } from "./arguments.ts";

/** Resolves to the answer, without its line end. Rejects with a NetcliError, or the signal's reason. */
export function ask(line: string, settings: Settings, signal: AbortSignal): Promise<string> {
  return settings.udp ? askByDatagram(line, settings, signal) : askByConnection(line, settings, signal);
}

async function askByConnection(
  line: string,
  { host, port, unix, milliseconds }: Settings,
  signal: AbortSignal,
): Promise<string> {
  const connection = await connect({
    ...(unix === undefined ? { host, port } : { path: unix }),
    timeouts: { connect: milliseconds, stall: milliseconds },
    signal,
  });
  try {
    await connection.writeLine(line);
    return await readAnswer(connection, signal);
  } finally {
    // Nobody has to wait until the server has closed its side, too.
    if (signal.aborted) connection.destroy();
    else void connection.close();
  }
}

async function readAnswer(connection: Connection, signal: AbortSignal): Promise<string> {
  try {
    const line = await connection.readLine({ signal });
    if (line !== undefined) return line;
  } catch (error) {
    if (!(error instanceof ConnectionClosedError)) throw error;
    // Some servers end the connection instead of the line.
    const pieces: Uint8Array[] = [];
    for await (const piece of connection.readToEnd()) pieces.push(piece);
    return decodeText(Buffer.concat(pieces));
  }
  throw new ConnectionClosedError("the server closed the connection without an answer");
}

async function askByDatagram(
  line: string,
  { host, port, milliseconds }: Settings,
  signal: AbortSignal,
): Promise<string> {
  // One for each line, or an answer that comes too late would be taken for that to the next line.
  const socket = await openDatagram({ peer: { host, port }, signal });
  try {
    await socket.send(line);
    const { data } = await socket.receive({ timeout: milliseconds });
    return decodeText(Buffer.from(data)).replace(/\r?\n$/, "");
  } finally {
    await socket.close();
  }
}
